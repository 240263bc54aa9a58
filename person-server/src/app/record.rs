//! What is kept of an issued token, written before the token is handed out.

use aauth_authorizer::aauth::identifier::ServerId;

use super::PersonServer;
use super::authenticate::Signed;
use super::fulfil::Granted;
use super::missions::over;
use super::poll::gone;
use super::refusal::{Outcome, Refusal};
use crate::domain::audit::AuditEvent;
use crate::domain::issued::{Issued, TokenRef};
use crate::store::{Issuance, IssueOutcome, Record};

impl PersonServer {
    /// Writes the record of a token that is about to be handed out.
    pub(super) async fn record_issue(
        &self,
        signed: &Signed,
        issued: Issued,
        rests_on: Vec<TokenRef>,
        granted: &Granted,
    ) -> Outcome<()> {
        let mut audit = AuditEvent::new(issued.issued_at, Some(issued.person.clone()), "token.issued");
        audit.agent = Some(issued.agent.sub.as_str().to_owned());
        audit.resource = Some(issued.resource.as_str().to_owned());
        audit.mission.clone_from(&issued.mission);
        audit.detail.insert("token".to_owned(), issued.kind.name().into());
        audit.detail.insert("jti".to_owned(), issued.token.jti.as_str().into());
        audit.detail.insert("decided_by".to_owned(), issued.decided_by.as_str().into());
        if !issued.scopes.is_empty() {
            audit.detail.insert("scope".to_owned(), issued.scopes.join(" ").into());
        }
        let record = Record { events: vec![audit], ..Record::default() };
        let issuance =
            Issuance { issued, agent_token: signed.seen(), rests_on, collects: granted.collects.clone(), record };
        recorded(&self.store.issue(issuance).await?)
    }

    /// "A PS SHOULD rate-limit the number of distinct resource values it accepts from one agent".
    pub(super) fn within_resource_limit(&self, signed: &Signed, resource: &ServerId) -> Outcome<()> {
        let agent = signed.key();
        let name = format!("{} {}", agent.iss, agent.sub);
        let asked_lately = self.resources_asked.contains(&name, resource);
        if asked_lately || self.new_resources.admits(&name) {
            self.resources_asked.note(&name, resource);
            return Ok(());
        }
        let detail = "this agent asks for too many different resources: wait an hour";
        Err(Refusal::later(429, "rate_limited", detail, 3600))
    }
}

/// Whether what was recorded may be handed out.
pub(super) fn recorded(outcome: &IssueOutcome) -> Outcome<()> {
    match outcome {
        IssueOutcome::Recorded => Ok(()),
        IssueOutcome::NotBound => Err(Refusal::problem(403, "denied", "the person has ended this agent's access")),
        IssueOutcome::Revoked(_) => Err(Refusal::problem(403, "revoked", "a token it depends on was revoked")),
        // Another poll of the same agent's has collected it in the meantime.
        IssueOutcome::NotPending => Err(gone()),
        IssueOutcome::MissionOver(termination) => Err(over(*termination)),
    }
}
