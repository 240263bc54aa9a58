//! Lines of the decision log become tests: a suite that expects of each request what came of it.
//!
//! What a test cannot bring back is left out and counted: callers known by a key alone (tests make their own keys),
//! refusals that no policy made, and lines without an input. Of a token, its times and its name are left out: each run
//! makes a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::log::Line;
use super::yaml;
use crate::authorizer::kept::{Asked, Request};
use crate::authorizer::rpc;
use crate::clock::Seconds;
use crate::policy::{ClaimValue, Principal, TokenFacts, TokenKind};

/// Gathers the tests of one resource.
#[derive(Debug)]
pub struct Recorder {
    resource: String,
    fixtures: Vec<(String, Value)>,
    tests: Vec<Test>,
    seen: BTreeSet<String>,
    left_out: BTreeMap<&'static str, usize>,
    repeated: usize,
}

/// A suite, and what is not in it.
#[derive(Debug)]
pub struct Recording {
    /// The suite, as YAML; none if there is no test for it.
    pub suite: Option<String>,
    /// How many tests it has.
    pub tests: usize,
    /// How many lines said what another had said.
    pub repeated: usize,
    /// How many lines were left out, by why.
    pub left_out: BTreeMap<&'static str, usize>,
}

#[derive(Debug)]
struct Test {
    name: String,
    caller: String,
    now: Seconds,
    request: Value,
    expect: Value,
}

impl Recorder {
    /// For the tests of this resource.
    pub fn new(resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            fixtures: Vec::new(),
            tests: Vec::new(),
            seen: BTreeSet::new(),
            left_out: BTreeMap::new(),
            repeated: 0,
        }
    }

    /// Makes a test of a line.
    pub fn take(&mut self, line: &Line) {
        if let Err(why) = self.record(line) {
            *self.left_out.entry(why).or_default() += 1;
        }
    }

    /// What was gathered.
    pub fn finish(self) -> Recording {
        let suite = (!self.tests.is_empty()).then(|| self.suite());
        Recording { suite, tests: self.tests.len(), repeated: self.repeated, left_out: self.left_out }
    }

    fn record(&mut self, line: &Line) -> Result<(), &'static str> {
        if line.resource != self.resource {
            return Err("of another resource");
        }
        let kept = line.input.as_ref().ok_or("without input")?;
        let [asked] = kept.asked.as_slice() else { return Err("with several questions") };
        let expect = expectation(line, asked).ok_or("refused for a reason that no policy gave")?;
        let caller = fixture(asked).ok_or("of a caller that is known by a key alone")?;
        let caller = self.name_of(asked, caller);
        let request = request(&asked.request, &self.resource);
        if !self.seen.insert(format!("{caller} {request} {expect}")) {
            self.repeated += 1;
            return Ok(());
        }
        let Request { method, path, query, call, .. } = &asked.request;
        let query = query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let call = call.as_ref().map_or_else(String::new, |call| format!(" {}", call.label()));
        let name = format!("{method} {path}{query}{call} as {caller}: {}", asked.answer.in_short());
        let name = unique(&name, |name| self.tests.iter().any(|test| test.name == name));
        self.tests.push(Test { name, caller, now: asked.now, request, expect });
        Ok(())
    }

    /// The name of the fixture that is this caller.
    fn name_of(&mut self, asked: &Asked, fixture: Value) -> String {
        if let Some((name, _)) = self.fixtures.iter().find(|(_, known)| *known == fixture) {
            return name.clone();
        }
        let plain = match &asked.principal {
            Principal::Agent { id, .. } => id.trim_start_matches("aauth:").split('@').next().unwrap_or_default(),
            Principal::Person { sub, .. } => sub,
            Principal::Key { .. } | Principal::Anonymous => "anonymous",
        };
        let tame = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        let plain: String = plain.chars().take(40).map(tame).collect();
        let plain = plain.trim_matches('-');
        let plain = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
            plain.to_owned()
        } else {
            format!("caller-{plain}")
        };
        let name = unique(&plain, |name| self.fixtures.iter().any(|(known, _)| known == name));
        self.fixtures.push((name.clone(), fixture));
        name
    }

    fn suite(&self) -> String {
        let mut out = String::from(
            "# Recorded from a decision log. Read it before you keep it: it names persons and what they asked for.\n",
        );
        let configured = ["headers", "host", "json"];
        if self.tests.iter().any(|test| configured.iter().any(|member| test.request.get(member).is_some())) {
            out.push_str(
                "# Run it with `--config`, which knows the hosts, the headers that policies may see, and where calls are \
                 made.\n",
            );
        }
        let now = self.tests.first().map_or(0, |test| test.now);
        let _ = write!(out, "suite: {}\nnow: {}\n\nfixtures:\n", yaml::flow(&json!(self.resource)), time(now));
        for (name, fixture) in &self.fixtures {
            let _ = writeln!(out, "  {name}: {}", yaml::flow(fixture));
        }
        out.push_str("\ntests:\n");
        for test in &self.tests {
            let _ = writeln!(out, "  - name: {}\n    as: {}", yaml::flow(&json!(test.name)), test.caller);
            if test.now != now {
                let _ = writeln!(out, "    now: {}", time(test.now));
            }
            let (request, expect) = (yaml::flow(&test.request), yaml::flow(&test.expect));
            let _ = writeln!(out, "    request: {request}\n    expect: {expect}");
        }
        out
    }
}

/// What came of the check, where the policies had the last word.
fn expectation(line: &Line, asked: &Asked) -> Option<Value> {
    let policies = &asked.answer.policies;
    match line.outcome.as_str() {
        "allow" => Some(json!({ "decision": "allow", "policies": policies })),
        "challenged" => {
            let mut expect = json!({ "decision": "challenge", "requirement": line.code, "policies": policies });
            if line.code == "auth-token" && asked.answer.requirement.as_deref() == Some("auth-token") {
                put(&mut expect, "scope", Some(&asked.answer.scope));
            }
            Some(expect)
        }
        "denied" => Some(json!({ "decision": "deny", "code": line.code, "policies": policies })),
        _ => None,
    }
}

fn fixture(asked: &Asked) -> Option<Value> {
    let Some(token) = &asked.token else {
        return match &asked.principal {
            Principal::Agent { id, .. } => Some(json!({ "server": id })),
            Principal::Anonymous => Some(json!({ "anonymous": true })),
            Principal::Person { .. } | Principal::Key { .. } => None,
        };
    };
    match &asked.principal {
        Principal::Agent { id, provider, parent, ps } => {
            let mut agent = json!({ "id": id });
            let own = id.rsplit_once('@').map(|(_, domain)| format!("https://{domain}"));
            if own.as_ref() != Some(provider) {
                put(&mut agent, "provider", Some(provider));
            }
            put(&mut agent, "parent", parent.as_ref());
            put(&mut agent, "ps", ps.as_ref());
            claims(&mut agent, token);
            Some(json!({ "agent": agent }))
        }
        Principal::Person { sub, ps, tenant, groups, roles, .. } => {
            let mut person = json!({ "server": ps, "sub": sub });
            put(&mut person, "tenant", tenant.as_ref());
            for (name, list) in [("groups", groups), ("roles", roles)] {
                if !list.is_empty() {
                    put(&mut person, name, Some(list));
                }
            }
            claims(&mut person, token);
            Some(json!({ "person": person, "token": of_token(token, ps) }))
        }
        Principal::Key { .. } | Principal::Anonymous => None,
    }
}

fn of_token(token: &TokenFacts, ps: &str) -> Value {
    let mut found = json!({ "typ": token.kind.as_str() });
    if token.kind == TokenKind::Auth {
        put(&mut found, "scopes", Some(&token.scopes));
    }
    put(&mut found, "account", token.account.as_ref());
    put(&mut found, "mission", token.mission.as_ref());
    if token.issuer != ps {
        put(&mut found, "issuer", Some(&token.issuer));
    }
    found
}

fn put(object: &mut Value, name: &str, value: Option<&impl serde::Serialize>) {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(name.to_owned(), json!(value));
    }
}

/// The claims that have no place of their own.
fn claims(holder: &mut Value, token: &TokenFacts) {
    let placed = |name: &str| matches!(name, "groups" | "roles");
    let claims: Map<String, Value> = token
        .claims
        .iter()
        .filter(|(name, _)| !placed(name))
        .map(|(name, value)| match value {
            ClaimValue::One(one) => (name.clone(), json!(one)),
            ClaimValue::Many(many) => (name.clone(), json!(many)),
        })
        .collect();
    if !claims.is_empty() {
        put(holder, "claims", Some(&claims));
    }
}

fn request(request: &Request, resource: &str) -> Value {
    let mut found = json!({ "method": request.method });
    if request.host != format!("{resource}.example") {
        put(&mut found, "host", Some(&request.host));
    }
    put(&mut found, "path", Some(&request.path));
    put(&mut found, "query", request.query.as_ref());
    if !request.headers.is_empty() {
        let headers: BTreeMap<_, _> = request.headers.iter().cloned().collect();
        put(&mut found, "headers", Some(&headers));
    }
    put(&mut found, "json", request.call.as_ref().map(rpc::written).as_ref());
    put(&mut found, "source_ip", request.source_ip.map(|ip| ip.to_string()).as_ref());
    put(&mut found, "peer", request.peer.as_ref());
    found
}

fn time(now: Seconds) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0))).to_string()
}

fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n: usize| format!("{name}-{n}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}
