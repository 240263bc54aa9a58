//! Whether an ask that is collected still rests on nothing that was withdrawn: "Presenting a Revoked Token", "A pending
//! request already started".

use aauth_authorizer::aauth::error::PollErrorCode as Code;

use super::super::PersonServer;
use super::super::refusal::Outcome;
use crate::domain::ask::{Ask, SubAgent, Upstream};
use crate::domain::issued::TokenRef;
use crate::domain::pending::{Asker, Ended, Pending};

impl PersonServer {
    /// Ends the ask where one of its tokens was withdrawn while it waited, and says which.
    pub(in crate::app) async fn still_depends_on_nothing_revoked(&self, pending: &Pending) -> Outcome<()> {
        let tokens = depends_on(pending);
        let revoked = self.store.revoked_of(tokens.iter().map(|(_, token)| token.clone()).collect()).await?;
        let Some((what, _)) = tokens.iter().find(|(_, token)| revoked.contains(token)) else { return Ok(()) };
        let detail = format!("the {what} was revoked");
        let ended = Ended::new(Code::Revoked.status(), Code::Revoked.code(), detail, self.clock.now());
        Err(self.tell(pending, &ended).await?)
    }
}

/// The tokens an ask rests on, by what they are to it. The agent's own token is that of each poll.
fn depends_on(pending: &Pending) -> Vec<(&'static str, TokenRef)> {
    let upstream =
        |upstream: &Upstream| ("upstream token", TokenRef { iss: upstream.iss.clone(), jti: upstream.jti.clone() });
    let subagent = |subagent: &SubAgent| match &pending.asker {
        // Of the same provider as its parent's.
        Asker::Agent(agent) => {
            Some(("sub-agent's agent token", TokenRef { iss: agent.iss.clone(), jti: subagent.jti.clone() }))
        }
        Asker::Key { .. } | Asker::Server { .. } => None,
    };
    match &pending.ask {
        Ask::Identify(ask) => {
            let subagent = ask.subagent.as_ref().and_then(subagent);
            ask.upstream.as_ref().map(upstream).into_iter().chain(subagent).collect()
        }
        Ask::Authorize(ask) => {
            let resource = TokenRef { iss: ask.resource.clone(), jti: ask.jti.clone() };
            let presented = TokenRef { iss: ask.presented.iss.clone(), jti: ask.presented.jti.clone() };
            let own = [("resource token", resource), ("presented token", presented)];
            let subagent = ask.subagent.as_ref().and_then(subagent);
            own.into_iter().chain(ask.upstream.as_ref().map(upstream)).chain(subagent).collect()
        }
        Ask::Enroll(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => Vec::new(),
    }
}
