//! Lines of the decision log become tests: a suite that expects of each request what came of it.
//!
//! What a test cannot bring back is left out and counted: refusals that no policy made, and lines without an input. Of a
//! token, its times and its name are left out: each run makes a new one. No test holds the key of a caller that is known
//! by it alone, so what was asked for it is asked again in Cedar's own terms, for which the schema has to be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::fixture::{fixture, put};
use super::log::Line;
use super::question::Question;
use super::yaml;
use crate::authorizer::kept::{Asked, Request};
use crate::authorizer::rpc;
use crate::clock::Seconds;
use crate::policy::{Call, Principal, RulingKind, Snapshot};

/// Gathers the tests of one resource.
#[derive(Debug)]
pub struct Recorder {
    resource: String,
    /// Who says how Cedar sees a question.
    policies: Option<Arc<Snapshot>>,
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
    now: Seconds,
    ask: Ask,
    expect: Value,
}

/// What is asked.
#[derive(Debug)]
enum Ask {
    /// A request of this caller's.
    Request { caller: String, request: String },
    /// A question in Cedar's own terms.
    Cedar(String),
}

impl Recorder {
    /// For the tests of this resource, which has such policies; without them, lines of bare keys are left out.
    pub fn new(resource: &str, policies: Option<Arc<Snapshot>>) -> Self {
        Self {
            resource: resource.to_owned(),
            policies,
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
        let [first, more @ ..] = kept.asked.as_slice() else { return Err("without a question") };
        let expect = expectation(line, &kept.asked).ok_or("refused for a reason that no policy gave")?;
        let Some(caller) = fixture(first) else {
            return kept.asked.iter().try_for_each(|asked| self.in_cedars_terms(asked));
        };
        let caller = self.name_of(first, caller);
        let mut request = request(&first.request, &self.resource);
        if !more.is_empty() {
            // A batch, as far as it was looked at: what came after a call that nothing could let pass is not known.
            let calls = kept.asked.iter().map(|asked| asked.request.call.as_ref().map(rpc::written));
            put(&mut request, "json", Some(&calls.collect::<Option<Vec<_>>>().ok_or("with several questions")?));
        }
        let came = if more.is_empty() { first.answer.in_short() } else { in_short(&expect) };
        let name = format!("{} as {caller}: {came}", what(&kept.asked));
        let request = yaml::flow(&request);
        let key = format!("{caller} {request} {expect}");
        self.add(Test { name, now: first.now, ask: Ask::Request { caller, request }, expect }, key);
        Ok(())
    }

    /// Asks again as Cedar was asked, for a caller that no test can be.
    fn in_cedars_terms(&mut self, asked: &Asked) -> Result<(), &'static str> {
        let policies =
            self.policies.as_ref().ok_or("of a caller that is known by a key alone, which takes `--policies`")?;
        let question = Question::of_log(&self.resource, asked);
        let explained = question.explain(policies);
        let (Some(action), Some(resource)) = (explained.action, explained.resource) else {
            return Err("asked for what is not in the schema");
        };
        let entities = in_order(explained.entities);
        let cedar = |context: &Value| {
            yaml::flow(&json!({
                "principal": explained.principal,
                "action": action,
                "resource": resource,
                "context": context,
                "entities": entities,
            }))
        };
        // One question at two times is asked once.
        let mut timeless = explained.context.clone();
        timeless.as_object_mut().and_then(|members| members.remove("now"));
        let allowed = asked.answer.decision == RulingKind::Allow;
        let decision = if allowed { "allow" } else { "deny" };
        let name = format!("{} as {}: {decision}", what(std::slice::from_ref(asked)), question.who());
        let expect = json!({ "decision": decision, "policies": asked.answer.policies });
        let key = format!("{} {expect}", cedar(&timeless));
        self.add(Test { name, now: asked.now, ask: Ask::Cedar(cedar(&explained.context)), expect }, key);
        Ok(())
    }

    /// Keeps a test, unless there is one with this key already.
    fn add(&mut self, test: Test, key: String) {
        if !self.seen.insert(key) {
            self.repeated += 1;
            return;
        }
        let name = unique(&test.name, |name| self.tests.iter().any(|test| test.name == name));
        self.tests.push(Test { name, ..test });
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
        let configured = [" headers:", " host:", " json:"];
        let is_configured = |test: &Test| match &test.ask {
            Ask::Request { request, .. } => configured.iter().any(|member| request.contains(member)),
            Ask::Cedar(_) => false,
        };
        if self.tests.iter().any(is_configured) {
            out.push_str(
                "# Run it with `--config`, which knows the hosts, the headers that policies may see, and where calls are \
                 made.\n",
            );
        }
        let now = self.tests.first().map_or(0, |test| test.now);
        let _ = write!(out, "suite: {}\nnow: {}\n", yaml::flow(&json!(self.resource)), time(now));
        if !self.fixtures.is_empty() {
            out.push_str("\nfixtures:\n");
        }
        for (name, fixture) in &self.fixtures {
            let _ = writeln!(out, "  {name}: {}", yaml::flow(fixture));
        }
        out.push_str("\ntests:\n");
        for test in &self.tests {
            let _ = writeln!(out, "  - name: {}", yaml::flow(&json!(test.name)));
            if test.now != now {
                let _ = writeln!(out, "    now: {}", time(test.now));
            }
            let _ = match &test.ask {
                Ask::Request { caller, request } => writeln!(out, "    as: {caller}\n    request: {request}"),
                Ask::Cedar(question) => writeln!(out, "    cedar: {question}"),
            };
            let _ = writeln!(out, "    expect: {}", yaml::flow(&test.expect));
        }
        out
    }
}

/// What came of the check, where the policies had the last word.
fn expectation(line: &Line, asked: &[Asked]) -> Option<Value> {
    let policies = &line.policies;
    match line.outcome.as_str() {
        "allow" => Some(json!({ "decision": "allow", "policies": policies })),
        "challenged" => {
            let mut expect = json!({ "decision": "challenge", "requirement": line.code, "policies": policies });
            let scopes = scopes_asked(asked);
            if line.code == "auth-token" && !scopes.is_empty() {
                put(&mut expect, "scope", Some(&scopes));
            }
            Some(expect)
        }
        "denied" => Some(json!({ "decision": "deny", "code": line.code, "policies": policies })),
        _ => None,
    }
}

/// What consent is asked for: to all that the calls lack, and to what is held already where that lets one of them pass.
fn scopes_asked(asked: &[Asked]) -> BTreeSet<&String> {
    let lacking = asked.iter().filter(|asked| asked.answer.requirement.as_deref() == Some("auth-token"));
    let mut scopes: BTreeSet<&String> = lacking.flat_map(|asked| &asked.answer.scope).collect();
    if !scopes.is_empty() && asked.len() > 1 {
        let passing = asked.iter().filter(|asked| asked.answer.decision == RulingKind::Allow);
        scopes.extend(passing.filter_map(|asked| asked.token.as_ref()).flat_map(|token| &token.scopes));
    }
    scopes
}

/// What is asked, in one line.
fn what(asked: &[Asked]) -> String {
    let Some(Asked { request: Request { method, path, query, .. }, .. }) = asked.first() else { return String::new() };
    let query = query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let calls: Vec<String> = asked.iter().filter_map(|asked| asked.request.call.as_ref()).map(Call::label).collect();
    let calls = if calls.is_empty() { String::new() } else { format!(" {}", calls.join(", ")) };
    format!("{method} {path}{query}{calls}")
}

/// Entities, whose order says nothing, in one order; likewise the parents of each.
fn in_order(mut entities: Value) -> Value {
    let sort = |value: &mut Value| {
        if let Some(items) = value.as_array_mut() {
            items.sort_by_key(ToString::to_string);
        }
    };
    for entity in entities.as_array_mut().into_iter().flatten() {
        if let Some(parents) = entity.get_mut("parents") {
            sort(parents);
        }
    }
    sort(&mut entities);
    entities
}

fn in_short(expect: &Value) -> String {
    let text = |member: &str| expect.get(member).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", text("decision"), text("requirement")).trim_end().to_owned()
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
