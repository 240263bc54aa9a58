//! One request on the whole way of the server, without a suite: for those who ask what comes before the policies.
//!
//! As in a test, the caller's token is minted and the request signed by keys made for it, and the issuers are in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::bench::{Bench, RunOptions, Status};
use super::seen::Seen;
use super::suite::{self, Asking, Caller, Case, Expect, Holder, Level, Proof, Signing, Suite, Token};
use super::world::{Setting, identifiers};
use crate::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use crate::aauth::token::TokenType;
use crate::authorizer::config::{Config, Position};
use crate::authorizer::kept::Request;
use crate::authorizer::rpc;
use crate::policy::{ClaimValue, Principal, Snapshot, TokenFacts, TokenKind};
use crate::review::Question;

/// The name of the one caller, and of the one test.
const NAME: &str = "asked";

/// What comes of a question, asked as a signed request to the resource of this configuration.
///
/// A caller that is known by a key alone is stood in for by one with a key of the test's: whether the resource lets
/// it come as far as the policies is the same, and what they say of it need not be.
pub fn once(question: &Question, config: &Config, snapshot: &Arc<Snapshot>) -> Result<Seen, String> {
    let caller = Caller { proof: proof(question, identifiers(Some(config)))?, trusted: true };
    let asking = Asking {
        level: Level::Claims,
        caller: NAME.to_owned(),
        request: request(&question.request),
        signing: Signing::default(),
    };
    let case = Case {
        name: NAME.to_owned(),
        at: Position { line: 1, column: 1 },
        now: question.now,
        skip: None,
        question: suite::Question::Request(Box::new(asking)),
        expect: Expect::default(),
    };
    let suite = Suite {
        file: PathBuf::new(),
        name: NAME.to_owned(),
        home: Some(question.resource.clone()),
        resource: None,
        callers: BTreeMap::from([(NAME.to_owned(), caller)]),
        cases: vec![case],
    };
    let resources = [question.resource.clone()];
    let setting = Setting { config: Some(config), resources: &resources, scopes: Vec::new() };
    let (bench, faults) = Bench::new(vec![suite], &setting, |_, _| true);
    if let Some((_, fault)) = faults.first() {
        return Err(fault.to_string());
    }
    let outcomes = bench.run(snapshot, RunOptions { jobs: 1, fail_fast: false }).map_err(|error| error.to_string())?;
    let outcome = outcomes.into_iter().next().ok_or("nothing was asked")?;
    match (outcome.seen, outcome.status) {
        (Some(seen), _) => Ok(seen),
        (None, Status::Broken(why)) => Err(why),
        (None, Status::Passed | Status::Failed(_) | Status::Skipped(_) | Status::NotRun) => {
            Err("it was not asked".into())
        }
    }
}

fn proof(question: &Question, admitted: IdentifierRules) -> Result<Proof, String> {
    let server = |id: &str| ServerId::parse_under(id, admitted).map_err(|error| error.to_string());
    let agent = |id: &str| AgentId::parse_under(id, admitted).map_err(|error| error.to_string());
    let optional = |id: &Option<String>| id.as_deref().map(server).transpose();
    let (holder, groups, roles) = match (&question.principal, &question.token) {
        (Principal::Anonymous, _) => return Ok(Proof::Anonymous),
        (Principal::Key { .. }, _) => return Ok(Proof::Key),
        (Principal::Agent { id, .. }, None) => return Ok(Proof::Server(server(id)?)),
        (Principal::Agent { id, parent, ps, .. }, Some(_)) => {
            let parent = parent.as_deref().map(agent).transpose()?;
            (Holder::Agent { id: agent(id)?, parent, ps: optional(ps)? }, &[][..], &[][..])
        }
        (Principal::Person { sub, ps, tenant, groups, roles, .. }, _) => {
            let (sub, tenant) = (sub.clone(), tenant.clone());
            (Holder::Person { server: server(ps)?, sub, tenant }, groups.as_slice(), roles.as_slice())
        }
    };
    let facts = question.token.as_ref().ok_or("a person shows a token")?;
    let mut claims = claims(facts);
    for (name, values) in [("groups", groups), ("roles", roles)] {
        if !values.is_empty() {
            claims.insert(name.to_owned(), values.to_vec().into());
        }
    }
    Ok(Proof::Token(Box::new(Token {
        typ: match facts.kind {
            TokenKind::Agent => TokenType::Agent,
            TokenKind::Person => TokenType::Person,
            TokenKind::Auth => TokenType::Auth,
        },
        holder,
        issuer: server(&facts.issuer)?,
        audience: None,
        scopes: facts.scopes.clone(),
        account: facts.account.clone(),
        mission: facts.mission.clone(),
        jti: Some(facts.jti.clone()),
        age: question.now.saturating_sub(facts.issued_at),
        expires_in: facts.expires_at.saturating_sub(question.now),
        revoked: false,
        claims,
    })))
}

fn claims(facts: &TokenFacts) -> Map<String, Value> {
    let value = |value: &ClaimValue| match value {
        ClaimValue::One(one) => Value::from(one.as_str()),
        ClaimValue::Many(many) => Value::from(many.clone()),
    };
    facts.claims.iter().map(|(name, claim)| (name.clone(), value(claim))).collect()
}

fn request(asked: &Request) -> suite::Request {
    let query = asked.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let mut headers = asked.headers.clone();
    let body = asked.call.as_ref().map(|call| rpc::written(call).to_string().into_bytes());
    if body.is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    suite::Request {
        method: asked.method.clone(),
        host: Some(asked.host.clone()),
        target: format!("{}{query}", asked.path),
        headers,
        body: body.unwrap_or_default(),
        source_ip: asked.source_ip,
        peer: asked.peer.clone(),
        ..suite::Request::default()
    }
}
