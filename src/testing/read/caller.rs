//! A fixture: who calls, and with what token.

use serde_json::{Map, Value};

use super::super::suite::{Caller, Holder, Proof, Token};
use super::words::{agent_id, any, mission, span};
use crate::aauth::identifier::{AgentId, IdentifierRules, ServerId};
use crate::aauth::token::TokenType;
use crate::authorizer::config::error::Fault;
use crate::authorizer::config::item::Item;
use crate::authorizer::config::reader::Section;
use crate::authorizer::config::values::{flag, server_id, text, word};

const KINDS: [&str; 5] = ["agent", "person", "key", "server", "anonymous"];

const TYPES: &[(&str, TokenType)] =
    &[("agent", TokenType::Agent), ("person", TokenType::Person), ("auth", TokenType::Auth)];

/// Reads a fixture; what is wrong with it has been reported.
pub(super) fn caller(item: &Item<'_>, rules: IdentifierRules) -> Option<Caller> {
    // `nobody: anonymous`, for short.
    if item.is_scalar() {
        item.value(word("a caller without more words", &[("anonymous", ()), ("key", ())]))?;
        let proof = if item.value(any)? == "key" { Proof::Key } else { Proof::Anonymous };
        return Some(Caller { proof, trusted: true });
    }
    let section = item.section();
    // Asked for one and all, so that a second one is not called unknown.
    let kinds = KINDS.into_iter().filter(|kind| section.item(kind).is_some()).count();
    let trusted = section.value("trusted", flag).unwrap_or(true);
    let proof = proof(&section, rules);
    if kinds != 1 {
        item.wrong(
            Fault::new("a fixture is one caller")
                .hint("give it one of `agent`, `person`, `key`, `server`, `anonymous`"),
        );
        return None;
    }
    Some(Caller { proof: proof?, trusted })
}

fn proof(section: &Section<'_>, rules: IdentifierRules) -> Option<Proof> {
    let anonymous = section.value("anonymous", flag);
    let key = section.value("key", flag);
    let server = section.value("server", server_id(rules));
    let holder = holder(section, rules);
    if let Some((holder, claims)) = holder {
        let token = section.section("token");
        return read_token(&token, holder, claims, rules).map(|token| Proof::Token(Box::new(token)));
    }
    if section.item("token").is_some() && !section.has("agent") && !section.has("person") {
        section.wrong("token", Fault::new("only an `agent` and a `person` have a token"));
    }
    match (anonymous, key, server) {
        (Some(true), _, _) => Some(Proof::Anonymous),
        (_, Some(true), _) => Some(Proof::Key),
        (_, _, Some(server)) => Some(Proof::Server(server)),
        (Some(false) | None, Some(false) | None, None) => {
            for kind in ["anonymous", "key"].into_iter().filter(|kind| section.has(kind)) {
                section.wrong(kind, Fault::new("must be `true`"));
            }
            None
        }
    }
}

/// Whom the token is of, and the claims about them.
fn holder(section: &Section<'_>, rules: IdentifierRules) -> Option<(Read, Map<String, Value>)> {
    if let Some(item) = section.item("agent") {
        if item.is_scalar() {
            return Some((Read::agent(item.value(agent_id(rules))?), Map::new()));
        }
        let agent = item.section();
        let parent = agent.value("parent", agent_id(rules));
        let (ps, issuer) = (agent.value("ps", server_id(rules)), agent.value("provider", server_id(rules)));
        let claims = claims(&agent);
        let id = agent.required("id", agent_id(rules))?;
        return Some((Read { holder: Holder::Agent { id, parent, ps }, issuer }, claims));
    }
    let person = section.optional_section("person")?;
    let (server, sub) = (person.required("server", server_id(rules)), person.required("sub", text));
    let tenant = person.value("tenant", text);
    let mut claims = claims(&person);
    for names in ["groups", "roles"] {
        if let Some(item) = person.item(names) {
            claims.insert(names.to_owned(), item.one_or_more(text).into());
        }
    }
    let server = server?;
    Some((Read { issuer: Some(server.clone()), holder: Holder::Person { server, sub: sub?, tenant } }, claims))
}

/// A holder, and who issues their token where that is said.
struct Read {
    holder: Holder,
    issuer: Option<ServerId>,
}

impl Read {
    fn agent(id: AgentId) -> Self {
        Self { holder: Holder::Agent { id, parent: None, ps: None }, issuer: None }
    }
}

fn claims(section: &Section<'_>) -> Map<String, Value> {
    let members = section.optional_section("claims").map(Section::members).unwrap_or_default();
    members.iter().map(|item| (item.name.to_owned(), item.json())).collect()
}

fn read_token(
    section: &Section<'_>,
    Read { holder, issuer }: Read,
    claims: Map<String, Value>,
    rules: IdentifierRules,
) -> Option<Token> {
    let scopes = section.item("scopes").map(|item| item.one_or_more(text));
    let typ = section.value("typ", word("a type of token", TYPES)).unwrap_or(match &holder {
        Holder::Agent { .. } => TokenType::Agent,
        // Only an auth token grants anything.
        Holder::Person { .. } if scopes.is_some() => TokenType::Auth,
        Holder::Person { .. } => TokenType::Person,
    });
    let of_agent = matches!(holder, Holder::Agent { .. });
    if of_agent != (typ == TokenType::Agent) {
        let fault = Fault::new("an agent has an `agent` token, a person has a `person` or an `auth` token");
        section.wrong("typ", fault);
    }
    for key in ["scopes", "account"] {
        if section.has(key) && typ != TokenType::Auth {
            section.wrong(key, Fault::new("only an auth token holds it").hint("write `typ: auth`"));
        }
    }
    let account = section.value("account", text);
    let mission = section.value("mission", mission);
    if section.has("mission") && of_agent {
        section.wrong("mission", Fault::new("an agent token holds none"));
    }
    let other = section.value("issuer", server_id(rules));
    let audience = section.value("audience", server_id(rules));
    let jti = section.value("jti", text);
    let age = section.value("age", span).unwrap_or(10);
    let expires_in = section.value("expires_in", span).unwrap_or(300);
    let revoked = section.value("revoked", flag).unwrap_or(false);
    let issuer = other.or(issuer).or_else(|| provider(&holder, rules))?;
    let scopes = scopes.unwrap_or_default();
    Some(Token { typ, holder, issuer, audience, scopes, account, mission, jti, age, expires_in, revoked, claims })
}

/// An agent's provider is the host of its identifier, unless a test wants it otherwise.
fn provider(holder: &Holder, rules: IdentifierRules) -> Option<ServerId> {
    match holder {
        Holder::Agent { id, .. } => ServerId::parse_under(&format!("https://{}", id.domain()), rules).ok(),
        Holder::Person { server, .. } => Some(server.clone()),
    }
}
