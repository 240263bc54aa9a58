//! A key asks to become an agent: `registration_endpoint`.
//!
//! A key that the person approved before gets its agent token at once. One that waits already gets the same pending URL
//! and the same code again. Every other waits for the person, of whom nothing is known yet: whoever arrives with the
//! code, or is the only person here.

use crate::app::answer::Answer;
use crate::app::inbound::{Inbound, Parameters};
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, code, hints, random};
use crate::domain::ask::{Ask, EnrollAsk, Hints};
use crate::domain::enrollment;
use crate::domain::pending::{Asker, CodeState, Pending, PendingId, State, Waiting};
use crate::governance::{self, GovernanceQuestion, GovernanceVerdict, Known, What};
use crate::store::Added;

use super::Source;
use super::proof::Holder;

/// How many codes are drawn before giving up.
const CODES_DRAWN: usize = 8;

impl PersonServer {
    /// `POST` to the registration endpoint.
    pub async fn register(&self, request: &Inbound, source: &Source) -> Outcome<Answer> {
        let holder = self.holder(request)?;
        let (name, hints) = described(&request.parameters()?)?;
        if let Some(device) = self.store.device(&holder.stable).await? {
            return self.agent_token_for(&holder, &device).await.map(Answer::Done);
        }
        let pending = match self.enrollment_under_way(&holder).await? {
            Some(pending) => pending,
            None => self.ask_to_enroll(&holder, name, hints, source).await?,
        };
        // Whatever the agent would wait for, it is told the code first: without it nobody can decide.
        self.enrollment_outcome(&holder, &pending).await
    }

    async fn enrollment_under_way(&self, holder: &Holder) -> Outcome<Option<Pending>> {
        let under_way = self.store.under_way(&asker(holder), self.clock.now()).await?;
        Ok(under_way.into_iter().next())
    }

    async fn ask_to_enroll(&self, holder: &Holder, name: String, hints: Hints, source: &Source) -> Outcome<Pending> {
        if !self.strangers.admits(source.as_str()) {
            let detail = "too many new agents register from this address: wait a minute";
            return Err(Refusal::later(429, "rate_limited", detail, 60));
        }
        let ask = EnrollAsk { stable: holder.stable.clone(), key: holder.key.clone(), name, hints };
        let ask = Ask::Enroll(ask);
        self.not_forbidden(&ask)?;
        let now = self.clock.now();
        let mut pending = Pending {
            id: PendingId::new(random::id()),
            asker: asker(holder),
            person: None,
            code: CodeState { code: code::new(), consumed: false, failures: 0 },
            ask,
            state: State::Waiting(Waiting::default()),
            callback: None,
            created_at: now,
            expires_at: now + self.settings.pending_ttl,
            polled_at: None,
        };
        for _ in 0..CODES_DRAWN {
            let total = self.settings.limits.enrollments_waiting;
            match self.store.add_enrollment(pending.clone(), total, now).await? {
                Added::Yes => {
                    self.bell.ring(&pending.id, None);
                    return Ok(pending);
                }
                Added::CodeTaken => pending.code.code = code::new(),
                // The same key has asked at the same time.
                Added::TooManyOfAsker => {
                    let other = self.enrollment_under_way(holder).await?;
                    return other.ok_or_else(|| Refusal::later(503, "temporarily_unavailable", "try again", 1));
                }
                Added::TooManyForPerson => {
                    let detail = "too many new agents wait to be approved: try again later";
                    return Err(Refusal::later(429, "rate_limited", detail, 60));
                }
            }
        }
        Err(Refusal::later(503, "temporarily_unavailable", "no free code was found", 5))
    }

    /// Policies may refuse an enrolment. None may grant it: whose agent it is, a person has to say.
    fn not_forbidden(&self, ask: &Ask) -> Outcome<()> {
        let question = GovernanceQuestion {
            asker: governance::Asker::of(ask, None).ok_or_else(Refusal::server_error)?,
            what: What::of(ask),
            person: governance::Whose { key: "nobody".to_owned(), tenant: None },
            known: Known::default(),
            mission: None,
            prompt: governance::prompt(ask),
            chained: false,
            now: self.clock.now(),
        };
        match self.governance.decide(&question) {
            GovernanceVerdict::Refuse { reason, .. } => {
                let reason = reason.as_deref().unwrap_or("a policy of the person server forbids it");
                Err(Refusal::problem(403, "denied", reason))
            }
            GovernanceVerdict::Grant { .. } | GovernanceVerdict::AskPerson => Ok(()),
        }
    }
}

/// Who polls: whoever proves the stable key.
pub(super) fn asker(holder: &Holder) -> Asker {
    Asker::Key { thumbprint: holder.stable.clone() }
}

/// What the agent says of itself. Other members are ignored.
fn described(parameters: &Parameters) -> Outcome<(String, Hints)> {
    let name = parameters.text("agent_name", 4 * enrollment::MAX_NAME)?;
    let name = enrollment::agent_name(&name).ok_or_else(|| {
        let most = enrollment::MAX_NAME;
        Refusal::invalid_request(format!("the parameter `agent_name` is not one line of 1 to {most} characters"))
    })?;
    let hints = Hints {
        platform: parameters.optional_text("platform", 64)?.map(|text| hints::printable(&text)),
        device: hints::device(parameters)?,
        capabilities: parameters.optional_list("capabilities", 32)?,
        ..Hints::default()
    };
    Ok((name, hints))
}
