//! What an access server is asked, and sent.
//!
//! Implements "PS-to-AS Token Request" of draft-hardt-oauth-aauth-protocol-11.

use std::time::Duration;

use aauth_authorizer::aauth::error::{PollErrorCode, TokenEndpointErrorCode as Code, TokenParameter};
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::metadata::Dwk;
use aauth_authorizer::discovery::{DiscoveryFault, Identity, ServerRequest};
use serde_json::{Value, json};

use super::super::PersonServer;
use super::super::authenticate::Signed;
use super::super::authorize::rests_on;
use super::super::refusal::Refusal;
use super::said::{Said, said};
use super::way::{Stop, Way};
use crate::domain::ask::{Ask, AuthorizeAsk, Federation};
use crate::domain::issued::TokenRef;
use crate::domain::pending::Ended;
use crate::store::Presentation;

/// How long an access server may take to answer, beside what it was told it may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
/// The longest that it is told it may hold a poll.
const HOLDS: Duration = Duration::from_secs(40);

impl PersonServer {
    /// Asks for a token for the first time.
    pub(super) async fn ask_access_server(&self, signed: &Signed, way: &Way) -> Result<Said, Stop> {
        let now = self.clock.now();
        let ask = &way.ask;
        let federation = ask.federation.as_ref().ok_or_else(Refusal::server_error)?;
        if let Some(over) = over(ask, now) {
            return Err(Stop::Ended(over));
        }
        let lost = |fault: &DiscoveryFault| Stop::unreachable(&fault.to_string(), now);
        let metadata = self.documents.access(&ask.audience).await.map_err(|fault| lost(&fault))?;
        self.note_presentation(signed, ask).await?;
        let body = body(federation, signed, ask);
        let request = ServerRequest {
            to: &ask.audience,
            url: &metadata.auth_token_endpoint,
            method: "POST",
            body: Some(&body),
            prefer_wait: None,
        };
        self.exchange(request, ANSWERS_WITHIN).await.map_err(|fault| lost(&fault))
    }

    /// Asks how it is going.
    pub(super) async fn poll_access_server(&self, way: &Way, wait: Option<Duration>) -> Result<Said, Stop> {
        let wait = wait.unwrap_or_default().min(HOLDS);
        let seconds = u32::try_from(wait.as_secs()).ok().filter(|seconds| *seconds > 0);
        let within = wait.saturating_add(ANSWERS_WITHIN);
        self.at_pending_url(way, "GET", None, (seconds, within)).await
    }

    /// Answers what the access server wanted to know.
    pub(super) async fn tell_access_server(&self, way: &Way, body: &Value) -> Result<Said, Stop> {
        self.at_pending_url(way, "POST", Some(body), (None, ANSWERS_WITHIN)).await
    }

    async fn at_pending_url(
        &self,
        way: &Way,
        method: &str,
        body: Option<&Value>,
        (prefer_wait, within): (Option<u32>, Duration),
    ) -> Result<Said, Stop> {
        let now = self.clock.now();
        let url = way.pending_url().ok_or_else(|| Stop::unreachable("it does not say where to poll", now))?;
        let request = ServerRequest { to: &way.ask.audience, url, method, body, prefer_wait };
        match self.exchange(request, within).await {
            Ok(said) => Ok(said),
            // It was there before, and may be again while the ask lasts.
            Err(DiscoveryFault::Unreachable(_) | DiscoveryFault::TimedOut) => Ok(Said::Later(None)),
            Err(fault) => Err(Stop::unreachable(&fault.to_string(), now)),
        }
    }

    async fn exchange(&self, request: ServerRequest<'_>, within: Duration) -> Result<Said, DiscoveryFault> {
        let key = self.keys.signing();
        let identity = Identity { id: &self.settings.issuer, dwk: Dwk::Person, key: &key };
        let response = self.outgoing.send(request, identity, within).await?;
        Ok(said(&response, self.settings.identifiers, self.clock.now()))
    }

    /// Notes that the access server will have seen the person token, unless something was withdrawn meanwhile.
    pub(super) async fn note_presentation(&self, signed: &Signed, ask: &AuthorizeAsk) -> Result<(), Stop> {
        let root = self.root_of(ask).await?;
        let person_token = TokenRef { iss: self.settings.issuer.clone(), jti: root.clone() };
        let exp = self.store.issued(&person_token).await?.map_or(ask.presented.exp, |issued| issued.exp);
        let agent_token = TokenRef { iss: signed.agent.common.iss.clone(), jti: signed.agent.common.jti.clone() };
        let rests_on = [agent_token, person_token].into_iter().chain(rests_on(signed, ask)).collect();
        let presentation = Presentation { root, server: ask.audience.clone(), exp, rests_on };
        match self.store.present(presentation).await? {
            None => Ok(()),
            Some(token) => Err(Stop::Ended(self.withdrawn(ask, &token))),
        }
    }

    fn withdrawn(&self, ask: &AuthorizeAsk, token: &TokenRef) -> Ended {
        let is = |iss: &ServerId, jti: &str| token.iss == *iss && token.jti == jti;
        let upstream = ask.upstream.as_ref().is_some_and(|upstream| is(&upstream.iss, &upstream.jti));
        let parameter = match token {
            _ if is(&ask.resource, &ask.jti) => TokenParameter::Resource,
            _ if upstream => TokenParameter::Upstream,
            _ if ask.subagent.as_ref().is_some_and(|subagent| subagent.jti == token.jti) => TokenParameter::Subagent,
            _ if token.iss == self.settings.issuer || is(&ask.presented.iss, &ask.presented.jti) => {
                TokenParameter::Presented
            }
            _ => {
                let code = PollErrorCode::Revoked;
                return Ended::new(code.status(), code.code(), "the agent token was revoked", self.clock.now());
            }
        };
        let detail = format!("the `{}` was revoked", parameter.name());
        let code = parameter.revoked();
        Ended::new(code.status(), code.code(), detail, self.clock.now())
    }

    /// Lets the access server know that nobody waits for it any more. Not waited for: it would find out by itself.
    pub(in crate::app) fn withdraw_from_access_server(&self, ask: &Ask) {
        let Ask::Authorize(ask) = ask else { return };
        let Some(url) = ask.federation.as_ref().and_then(|federation| federation.pending_url.clone()) else { return };
        let (outgoing, key) = (self.outgoing.clone(), self.keys.signing());
        let (issuer, server) = (self.settings.issuer.clone(), ask.audience.clone());
        tokio::spawn(async move {
            let request = ServerRequest { to: &server, url: &url, method: "DELETE", body: None, prefer_wait: None };
            let identity = Identity { id: &issuer, dwk: Dwk::Person, key: &key };
            if let Err(fault) = outgoing.send(request, identity, ANSWERS_WITHIN).await {
                tracing::debug!(%fault, "an access server was not told that a request is withdrawn");
            }
        });
    }
}

/// "A PS MUST NOT present an expired token."
fn over(ask: &AuthorizeAsk, now: i64) -> Option<Ended> {
    let ended = |code: Code, detail: &str| Some(Ended::new(code.status(), code.code(), detail, now));
    if ask.presented.exp <= now {
        return ended(
            Code::ExpiredPresentedToken,
            "the presented token has expired: obtain another, and a resource token",
        );
    }
    if ask.upstream.as_ref().is_some_and(|upstream| upstream.exp <= now) {
        let (code, detail) = (PollErrorCode::Expired, "the upstream token expired: start over with a later one");
        return Some(Ended::new(code.status(), code.code(), detail, now));
    }
    if ask.subagent.as_ref().is_some_and(|subagent| subagent.exp <= now) {
        return ended(Code::ExpiredSubagentToken, "the sub-agent's agent token has expired");
    }
    None
}

fn body(federation: &Federation, signed: &Signed, ask: &AuthorizeAsk) -> Value {
    // The agent may have waited for longer than its first agent token lasts. A later one serves if it is of the same
    // key, which the resource token names.
    let same_key = signed.agent.key.thumbprint() == ask.presented.key.thumbprint();
    let agent_token = if ask.subagent.is_some() || same_key { &signed.compact } else { &federation.agent_token };
    let mut body = json!({
        "resource_token": federation.resource_token,
        "agent_token": agent_token,
        "presented_token": federation.presented_token,
    });
    let optional = [("subagent_token", &federation.subagent_token), ("upstream_token", &federation.upstream_token)];
    if let Some(body) = body.as_object_mut() {
        for (name, token) in optional {
            if let Some(token) = token {
                body.insert(name.to_owned(), token.as_str().into());
            }
        }
    }
    body
}
