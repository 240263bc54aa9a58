//! Whether an ask is granted, refused, or put before the person.
//!
//! Policies decide, knowing what the person has said before: `permit` grants, `forbid` refuses, neither asks. What no
//! policy may settle is settled here: an agent that is nobody's, and a person who wants to be asked.

use aauth_authorizer::clock::Seconds;

use super::PersonServer;
use super::authenticate::Signed;
use super::refusal::{Outcome, Refusal};
use super::whose::Whose;
use crate::domain::ask::{Ask, Hints};
use crate::domain::consent::{Consent, Wanted};
use crate::governance::{self, Asker, GovernanceQuestion, GovernanceVerdict, Known, What, prompt};

/// What becomes of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is granted without asking.
    Grant {
        /// By which policies.
        policies: Vec<String>,
        /// Whether the person had said yes to all of it before.
        consented: bool,
    },
    /// The person is asked.
    AskPerson,
    /// It is refused.
    Refuse {
        /// Why, for the agent.
        reason: String,
    },
}

impl PersonServer {
    /// Weighs an ask.
    pub(super) async fn weigh(&self, signed: &Signed, whose: &Whose, ask: &Ask, hints: &Hints) -> Outcome<Verdict> {
        let now = self.clock.now();
        let (known, consented) = self.known_before(signed, whose, ask, now).await?;
        let question = GovernanceQuestion {
            asker: Asker::of(ask, Some(&signed.key())).ok_or_else(Refusal::server_error)?,
            what: What::of(ask),
            person: self.person_asked(whose).await?,
            known,
            mission: self.approved_mission(ask).await?,
            prompt: prompt(ask),
            chained: whose.upstream().is_some(),
            now,
        };
        let verdict = match self.governance.decide(&question) {
            GovernanceVerdict::Refuse { reason, .. } => {
                let reason = reason.as_deref().unwrap_or("a policy of the person server forbids it");
                return Ok(Verdict::Refuse { reason: reason.to_owned() });
            }
            GovernanceVerdict::Grant { policies } => {
                Verdict::Grant { policies: policies.iter().map(|id| id.as_ref().to_owned()).collect(), consented }
            }
            GovernanceVerdict::AskPerson => Verdict::AskPerson,
        };
        let wants_to_be_asked = hints.prompt.iter().any(|value| matches!(value.as_str(), "consent" | "login"));
        // Nobody has said yet whose agent this is, and no policy can.
        let theirs_alone = whose.person().is_none() || only_the_person_can(ask);
        Ok(if theirs_alone || wants_to_be_asked { Verdict::AskPerson } else { verdict })
    }

    /// What the person agreed to before, and whether that covers all that is asked.
    async fn known_before(&self, signed: &Signed, whose: &Whose, ask: &Ask, now: Seconds) -> Outcome<(Known, bool)> {
        let Some(person) = whose.person() else { return Ok((Known::default(), false)) };
        let agent = matches!(whose, Whose::Bound(_));
        let Some(resource) = ask.resource() else { return Ok((Known { agent, ..Known::default() }, false)) };
        // A consent was given to the person's own agent. What an intermediary wants is another question.
        let consents = if agent { self.store.consents(&signed.key(), resource, now).await? } else { Vec::new() };
        let wanted = wanted(ask);
        let consented = consents.iter().any(|consent| consent.covers(wanted, now));
        let applies = |consent: &&Consent| {
            consent.account.as_deref() == wanted.account && consent.covers(Wanted { scopes: &[], ..wanted }, now)
        };
        let scopes = consents.iter().filter(applies).flat_map(|consent| consent.scopes.iter().cloned()).collect();
        let known = Known { agent, resource: self.store.has_been_at(person, resource).await?, consented, scopes };
        Ok((known, consented))
    }

    /// The person as policies see them.
    async fn person_asked(&self, whose: &Whose) -> Outcome<governance::Whose> {
        let Some(key) = whose.person() else { return Ok(governance::Whose { key: "nobody".to_owned(), tenant: None }) };
        let person = self.store.person(key).await?.ok_or_else(Refusal::server_error)?;
        Ok(governance::Whose { key: person.key.as_str().to_owned(), tenant: person.tenant })
    }
}

/// What no policy can do in the person's stead: go somewhere, answer, and take a mission for done. "Only the person's
/// acceptance terminates the mission."
fn only_the_person_can(ask: &Ask) -> bool {
    match ask {
        Ask::Complete(_) | Ask::Relay(_) | Ask::Question(_) => true,
        Ask::Enroll(_) | Ask::Identify(_) | Ask::Authorize(_) | Ask::Mission(_) | Ask::Update(_) | Ask::Permit(_) => {
            false
        }
    }
}

/// What a consent would have to cover.
fn wanted(ask: &Ask) -> Wanted<'_> {
    match ask {
        Ask::Authorize(ask) => {
            Wanted { scopes: &ask.scopes, account: ask.account.as_deref(), mission: ask.mission.as_deref() }
        }
        Ask::Enroll(_)
        | Ask::Identify(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => Wanted { scopes: &[], account: None, mission: ask.mission() },
    }
}
