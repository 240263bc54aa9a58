//! Which agent signed a request, and what it asks.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header;
use serde_json::{Map, Value};

use super::PersonServer;
use super::refusal::Refusal;
use crate::aauth::digest;
use crate::aauth::error::{SignatureError, SignatureErrorCode as Code};
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::message::{Fields, Message};
use crate::aauth::signature::{Scheme, SignatureKey, SignatureRules, SignedRequest};
use crate::aauth::token::agent::AgentToken;
use crate::aauth::token::{MAX_AGENT_LIFETIME, TokenType, Unverified};
use crate::aauth::verify::{self, TokenRules, Verified, VerifiedToken};
use crate::demo::names::{AGENTS, server};

const MAX_BODY: usize = 64 * 1024;

/// How long the keys of an issuer are waited for.
pub(super) const KEYS_WITHIN: Duration = Duration::from_secs(5);

/// An agent, proved, and the parameters of its request.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) agent: Verified<AgentToken>,
    parameters: Map<String, Value>,
}

impl Asking {
    /// Authenticates a request, its body included.
    pub(super) async fn read(server: &PersonServer, request: Request) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| Refusal::invalid_request("the body is too large"))?;
        let lines = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let message = Message::request(
            parts.method.as_str(),
            "https",
            host,
            parts.uri.path_and_query().map_or("/", |target| target.as_str()),
            Fields::lines(lines),
        );
        let agent = server.authenticate(&message, &body).await?;
        let parameters = serde_json::from_slice(&body);
        let parameters = parameters.map_err(|_| Refusal::invalid_request("the body is no JSON object"))?;
        Ok(Self { agent, parameters })
    }

    /// A string among the parameters.
    pub(super) fn parameter(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.parameters.get(name).and_then(Value::as_str);
        value.ok_or_else(|| Refusal::invalid_request(&format!("the parameter `{name}` is missing or no string")))
    }
}

impl PersonServer {
    async fn authenticate(&self, message: &Message, body: &[u8]) -> Result<Verified<AgentToken>, Refusal> {
        // A signature for another host is a signature for another server.
        if message.authority() != self.id.authority() {
            return Err(Refusal::invalid_request("this is another host"));
        }
        let rules = SignatureRules {
            additional_components: vec!["content-digest".to_owned(), "content-type".to_owned()],
            schemes: vec![Scheme::Jwt],
            ..SignatureRules::default()
        };
        let now = self.clock.now();
        let signed = SignedRequest::read(message, &rules, now)?;
        let signed = signed.ok_or_else(|| SignatureError::new(Code::InvalidSignature, "the request is not signed"))?;
        let SignatureKey::Jwt(token) = signed.key() else {
            return Err(SignatureError::new(Code::UnsupportedScheme, "an agent token is wanted").into());
        };
        let unverified = Unverified::parse(token, IdentifierRules::Strict).map_err(SignatureError::from)?;
        if unverified.typ() != TokenType::Agent || !is_trusted(unverified.issuer()) {
            return Err(SignatureError::new(Code::InvalidJwt, "this is no agent token of a trusted provider").into());
        }
        let keys = self.issuers.keys(unverified.issuer(), unverified.dwk(), unverified.kid(), KEYS_WITHIN).await?;
        let token = verify::token(&unverified, &keys, &rules_for(self.id.clone()), now);
        let token = token.map_err(SignatureError::from)?;
        verify::request_of_token(&signed, message, &token)?;
        let field = message.fields().text("content-digest").unwrap_or_default();
        digest::matches(&field, body)
            .map_err(|fault| SignatureError::new(Code::InvalidSignature, fault.to_string()))?;
        match token {
            VerifiedToken::Agent(agent) if agent.ps.as_ref() == Some(&self.id) => Ok(agent),
            VerifiedToken::Agent(_) | VerifiedToken::Person(_) | VerifiedToken::Auth(_) => {
                Err(Refusal::invalid_request("this agent has another person server"))
            }
        }
    }
}

/// How tokens for `audience` are verified.
pub(super) fn rules_for(audience: ServerId) -> TokenRules {
    let max_agent_lifetime = MAX_AGENT_LIFETIME;
    TokenRules { audience, identifiers: IdentifierRules::Strict, window: 60, max_agent_lifetime }
}

fn is_trusted(provider: &ServerId) -> bool {
    server(AGENTS).is_ok_and(|trusted| trusted == *provider)
}
