//! The resource's access server, where there is one: "Access Server Federation".
//!
//! Once the person, or a policy in their name, has granted an ask, the access server is asked. What it wants first is
//! settled here, put before the person, or passed on to the agent; each poll of the agent's takes one step there, so
//! nothing waits that nobody waits for.
//!
//! | file | what it does |
//! |---|---|
//! | `request` | what the access server is asked, and sent |
//! | `said` | what its answer says |
//! | `claims` | what it is told of the person |
//! | `answering` | what the agent answers it |
//! | `delivery` | what it issued is verified, and recorded |
//! | `way` | an ask on its way, and how it can end |

mod answering;
mod claims;
mod delivery;
mod request;
mod said;
mod way;

use std::time::Duration;

use aauth_authorizer::aauth::error::{PollErrorCode, TokenEndpointErrorCode};

use super::PersonServer;
use super::answer::{Answer, PendingPath, PendingView};
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::refusal::{Outcome, Refusal};
use crate::domain::ask::{Ask, AuthorizeAsk};
use crate::domain::pending::{Asker, Ended, Federating, MAX_ROUNDS, Pending, PendingId, State, Waiting, Wanted};
use crate::store::Change;

use self::claims::Claims;
use self::said::{Said, Waits};
use self::way::{Stop, Way};

pub(super) use self::way::Turns;

/// How many of its answers in a row are followed while the agent waits for one.
const MAX_STEPS: usize = 4;

impl PersonServer {
    /// Has the access server issue what was granted.
    pub(super) async fn federate(&self, signed: &Signed, ask: &AuthorizeAsk, granted: Granted) -> Outcome<Answer> {
        let way = Way::new(ask, granted, self.clock.now());
        let mut turn = None;
        if let Some(id) = &way.pending {
            // Another poll of the agent's may be asking just now, or may have asked meanwhile.
            let Some(ours) = self.turns.take(id) else { return self.where_it_stands(id).await };
            let pending = self.store.pending(id).await?.ok_or_else(Refusal::not_found)?;
            if !matches!(pending.state, State::Approved(_)) {
                drop(ours);
                return Box::pin(self.outcome(signed, &pending)).await;
            }
            turn = Some(ours);
        }
        let said = match way.pending_url() {
            None => self.ask_access_server(signed, &way).await,
            // The person was asked about claims in between. What they agreed to is told when it is asked for again.
            Some(_) => self.poll_access_server(&way, None).await,
        };
        let pending = way.pending.clone();
        let went = match said {
            Ok(said) => self.follow(signed, way, said).await,
            Err(stop) => Err(stop),
        };
        let concluded = self.conclude(pending.as_ref(), went).await;
        drop(turn);
        concluded
    }

    /// Asks the access server how it is going.
    pub(super) async fn federating(
        &self,
        signed: &Signed,
        pending: &Pending,
        wait: Option<Duration>,
    ) -> Outcome<Answer> {
        self.still_depends_on_nothing_revoked(pending).await?;
        let Some(_turn) = self.turns.take(&pending.id) else { return self.where_it_stands(&pending.id).await };
        // As it is now that it is our turn.
        let pending = self.store.pending(&pending.id).await?.ok_or_else(Refusal::not_found)?;
        let Some(way) = self.way_of(&pending) else { return Box::pin(self.outcome(signed, &pending)).await };
        if asks_the_agent(&pending) {
            return Ok(Answer::Pending(self.view(&pending, PendingPath::Request)));
        }
        let went = match self.poll_access_server(&way, wait).await {
            Ok(said) => self.follow(signed, way, said).await,
            Err(stop) => Err(stop),
        };
        self.conclude(Some(&pending.id), went).await
    }

    /// Goes where the access server's answers lead, as far as that needs nobody else.
    async fn follow(&self, signed: &Signed, mut way: Way, mut said: Said) -> Result<Answer, Stop> {
        let now = self.clock.now();
        let unusable = |why: &str| Stop::unreachable(why, now);
        for _ in 0..MAX_STEPS {
            said = match said {
                Said::Token(compact) => return self.deliver(signed, &way, &compact).await.map(Answer::Done),
                Said::Waits(waits) => return self.wait(signed, way, waits).await,
                Said::Later(retry_after) if way.pending_url().is_some() => {
                    let waits = Waits { retry_after, wants: self.wanted_so_far(&way).await?, ..Waits::default() };
                    return self.wait(signed, way, waits).await;
                }
                Said::Later(_) => return Err(unusable("it has no time")),
                Said::Refused { status, error, detail } => {
                    let detail = format!("the access server refused: {detail}");
                    return Err(Stop::Ended(Ended::new(status, &error, detail, now)));
                }
                Said::Nonsense(why) => return Err(unusable(why)),
                Said::Claims { names, url } => {
                    way.is_at(url);
                    let cannot_ask = !self.can_ask(signed, &way).await?;
                    match self.claims_to_tell(&way, &names, cannot_ask).await? {
                        Claims::Tell(claims) => self.tell_access_server(&way, &claims).await?,
                        Claims::Ask(claims) => return self.ask_about_claims(signed, way, claims).await,
                    }
                }
            };
        }
        Err(unusable("it asks for the same again and again"))
    }

    /// The agent waits, and is told for what.
    async fn wait(&self, signed: &Signed, mut way: Way, waits: Waits) -> Result<Answer, Stop> {
        let Waits { wants, arrived, url, retry_after } = waits;
        way.is_at(url);
        if way.pending_url().is_none() {
            return Err(Stop::unreachable("it does not say where to poll", self.clock.now()));
        }
        if let Some(stop) = self.cannot_be_had(&way, wants.as_ref()) {
            self.withdraw_from_access_server(&Ask::Authorize(Box::new(way.ask)));
            return Err(stop);
        }
        let Way { ask, approved, decided_by, rounds, pending } = way;
        let person = approved.by.clone();
        let state = State::Federating(Federating { approved, wants, arrived, decided_by, rounds });
        let pending = self.move_to(signed, pending, (ask, person), state).await?;
        let mut view = self.view(&pending, PendingPath::Request);
        let longer = retry_after.unwrap_or_default().min(60);
        view.retry_after = view.retry_after.max(longer);
        Ok(Answer::Pending(view))
    }

    /// Puts what the access server wants to know before the person.
    async fn ask_about_claims(&self, signed: &Signed, way: Way, claims: Vec<String>) -> Result<Answer, Stop> {
        let Way { mut ask, approved, pending, .. } = way;
        if let Some(federation) = &mut ask.federation {
            federation.claims = claims;
        }
        let state = State::Waiting(Waiting::default());
        let pending = self.move_to(signed, pending, (ask, approved.by), state).await?;
        Ok(Answer::Pending(self.view(&pending, PendingPath::Request)))
    }

    /// Whether the person can be asked about claims: once, and if they can be reached.
    async fn can_ask(&self, signed: &Signed, way: &Way) -> Result<bool, Stop> {
        let asked = way.ask.federation.as_ref().is_some_and(|federation| !federation.claims.is_empty());
        let none = way.ask.hints.prompt.iter().any(|value| value == "none");
        let binding = self.store.agent(&signed.key()).await?;
        let chained = way.ask.upstream.is_some();
        let reachable = self.is_reachable(&way.approved.by) || way.ask.hints.can_interact();
        Ok(!asked && !none && reachable && (chained || binding.is_some()))
    }

    /// Why what the access server wants cannot be had of anybody.
    fn cannot_be_had(&self, way: &Way, wants: Option<&Wanted>) -> Option<Stop> {
        let now = self.clock.now();
        let hints = &way.ask.hints;
        let (status, error, detail) = match wants {
            Some(Wanted::Interaction { .. }) if !hints.can_interact() && !self.is_reachable(&way.approved.by) => {
                let code = TokenEndpointErrorCode::UserUnreachable;
                let detail = "the access server wants the person, whom neither this server nor the agent can reach";
                (code.status(), code.code(), detail)
            }
            Some(Wanted::Clarification(_)) if !hints.can_clarify() => {
                let code = PollErrorCode::Denied;
                let detail = "the access server asks a question, and the agent did not declare `clarification`";
                (code.status(), code.code(), detail)
            }
            // "PSes MUST enforce a maximum number of clarification rounds".
            Some(Wanted::Clarification(_)) if way.rounds >= MAX_ROUNDS => {
                let code = PollErrorCode::Denied;
                (code.status(), code.code(), "the access server asked one question too many")
            }
            Some(Wanted::Interaction { .. } | Wanted::Clarification(_) | Wanted::Approval | Wanted::Payment { .. })
            | None => return None,
        };
        Some(Stop::Ended(Ended::new(status, error, detail, now)))
    }

    /// The pending ask in its next state; a new one, where the agent did not have to wait before.
    async fn move_to(
        &self,
        signed: &Signed,
        pending: Option<PendingId>,
        (ask, person): (AuthorizeAsk, crate::domain::person::PersonKey),
        state: State,
    ) -> Result<Pending, Stop> {
        let ask = Ask::Authorize(Box::new(ask));
        let Some(id) = pending else {
            return Ok(self.keep_as(Asker::Agent(signed.key()), Some(person), ask, state).await?);
        };
        let change = move |stored: &Pending| match &stored.state {
            State::Approved(_) | State::Federating(_) => {
                Change { ask: Some(ask.clone()), ..Change::to(state.clone(), ()) }
            }
            // It ended meanwhile, which is what the agent is told then.
            State::Waiting(_) | State::Ended(_) | State::Gone { .. } => Change::none(()),
        };
        self.store.change_pending("federate", &id, change).await?;
        self.bell.ring(&id, Some(&person));
        Ok(self.store.pending(&id).await?.ok_or_else(Refusal::not_found)?)
    }

    /// What the agent is told in the end.
    async fn conclude(&self, pending: Option<&PendingId>, went: Result<Answer, Stop>) -> Outcome<Answer> {
        match (went, pending) {
            (Ok(answer), _) => Ok(answer),
            (Err(Stop::Refused(refusal)), _) => Err(refusal),
            (Err(Stop::Ended(ended)), None) => {
                Err(Refusal::problem(ended.status, &ended.error, ended.detail.unwrap_or_default()))
            }
            (Err(Stop::Ended(ended)), Some(id)) => {
                let pending = self.store.pending(id).await?.ok_or_else(Refusal::not_found)?;
                Err(self.tell(&pending, &ended).await?)
            }
        }
    }

    async fn where_it_stands(&self, pending: &PendingId) -> Outcome<Answer> {
        let pending = self.store.pending(pending).await?.ok_or_else(Refusal::not_found)?;
        let view: PendingView = self.view(&pending, PendingPath::Request);
        Ok(Answer::Pending(view))
    }

    fn way_of(&self, pending: &Pending) -> Option<Way> {
        let (State::Federating(federating), Ask::Authorize(ask)) = (&pending.state, &pending.ask) else { return None };
        Some(Way {
            ask: (**ask).clone(),
            approved: federating.approved.clone(),
            decided_by: federating.decided_by.clone(),
            rounds: federating.rounds,
            pending: Some(pending.id.clone()),
        })
        .filter(|_| self.clock.now() < pending.expires_at)
    }

    /// What the access server wanted when it last said anything.
    async fn wanted_so_far(&self, way: &Way) -> Result<Option<Wanted>, Stop> {
        let Some(id) = &way.pending else { return Ok(None) };
        Ok(self.store.pending(id).await?.and_then(|pending| match pending.state {
            State::Federating(federating) => federating.wants,
            State::Waiting(_) | State::Approved(_) | State::Ended(_) | State::Gone { .. } => None,
        }))
    }
}

/// Whether it is the agent's to answer, so that there is no use in polling.
fn asks_the_agent(pending: &Pending) -> bool {
    matches!(&pending.state, State::Federating(federating) if matches!(federating.wants, Some(Wanted::Clarification(_))))
}
