//! A test of a suite, and the cells it has where it is a matrix of callers, methods and paths.

use std::collections::BTreeMap;

use super::super::suite::{Asking, Caller, Case, Expect, Level, Question, Request};
use super::expect;
use super::request::{self, Requests};
use super::table::Table;
use super::words::time;
use crate::authorizer::config::Position;
use crate::authorizer::config::error::{Fault, quotable};
use crate::authorizer::config::reader::{Section, nearest};
use crate::authorizer::config::values::{text, word};
use crate::clock::Seconds;
use crate::policy::RawQuestion;

const LEVELS: &[(&str, Level)] = &[("cedar", Level::Cedar), ("claims", Level::Claims), ("http", Level::Http)];

/// What the cells of a test have in common.
struct Common {
    name: String,
    at: Position,
    now: Seconds,
    skip: Option<String>,
}

impl Common {
    fn case(&self, cell: &str, question: Question, expect: Expect) -> Case {
        let name = if cell.is_empty() { self.name.clone() } else { format!("{} [{cell}]", self.name) };
        Case { name, at: self.at, now: self.now, skip: self.skip.clone(), question, expect }
    }
}

/// Reads a test.
pub(super) fn cases(section: &Section<'_>, callers: &BTreeMap<String, Caller>, now: Seconds) -> Vec<Case> {
    let common = Common {
        name: section.required("name", text).unwrap_or_default(),
        at: section.at().unwrap_or(Position { line: 1, column: 1 }),
        now: section.value("now", time).unwrap_or(now),
        skip: section.value("skip", text),
    };
    let level = section.value("level", word("a level", LEVELS));
    let expectations = expectations(section);
    if let Some(cedar) = section.optional_section("cedar") {
        other_level(section, level, Level::Cedar);
        let expect = expectations.of("", "", "");
        let question =
            raw(&cedar).map(|raw| common.case("", Question::Cedar(Box::new(raw)), expect.unwrap_or_default()));
        return question.into_iter().collect();
    }
    let asked_by = asked_by(section, callers);
    let Some(request) = section.optional_section("request") else {
        section.wrong("request", Fault::new("is required").hint("such as `{ method: GET, path: /v1/orders }`"));
        return Vec::new();
    };
    let requests = request::requests(&request);
    let level = level.unwrap_or(if requests.signing.is_some() { Level::Http } else { Level::Claims });
    if level == Level::Cedar {
        section.wrong("level", Fault::new("`cedar` takes a question under `cedar`, and no `request`"));
    }
    if level == Level::Claims && requests.signing.is_some() {
        section.wrong("level", Fault::new("`claims` leaves the signature to the runner").hint("write `level: http`"));
    }
    if let Some(key) =
        requests.signing.as_ref().and_then(|signing| signing.key.as_ref()).filter(|k| !callers.contains_key(*k))
    {
        request.wrong("signature", Fault::new(format!("no fixture is called `{}`", quotable(key))));
    }
    let cells = matrix(&common, level, &asked_by, requests, &expectations);
    expectations.report_unused(section);
    cells
}

/// What the cells of a test expect.
enum Expectations {
    Shared(Box<Expect>),
    Table(Table),
}

impl Expectations {
    fn of(&self, caller: &str, method: &str, target: &str) -> Option<Expect> {
        match self {
            Self::Shared(expect) => Some((**expect).clone()),
            Self::Table(table) => table.of(caller, method, target),
        }
    }

    fn report_unused(&self, section: &Section<'_>) {
        if let Self::Table(table) = self {
            table.report(section);
        }
    }
}

fn expectations(section: &Section<'_>) -> Expectations {
    let (expect, table) = (section.item("expect"), section.item("table"));
    if expect.is_some() && table.is_some() {
        section.wrong("table", Fault::new("says what `expect` says already").hint("keep one of them"));
    }
    match (expect, table) {
        (Some(item), _) => Expectations::Shared(Box::new(expect::expect(&item))),
        (None, Some(table)) => Expectations::Table(Table::read(&table)),
        (None, None) => {
            let fault = Fault::new("is required").hint("such as `{ decision: allow }`, or a `table` for a matrix");
            section.wrong("expect", fault);
            Expectations::Shared(Box::default())
        }
    }
}

/// The fixtures that ask, each once for every request.
fn asked_by(section: &Section<'_>, callers: &BTreeMap<String, Caller>) -> Vec<String> {
    let Some(item) = section.item("as") else {
        section.wrong("as", Fault::new("is required").hint("name a fixture, or a list of them"));
        return Vec::new();
    };
    item.one_or_more(|name| {
        if callers.contains_key(name) {
            return Ok(name.to_owned());
        }
        let fault = Fault::new(format!("no fixture is called `{}`", quotable(name)));
        Err(match nearest(name, callers.keys().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint("describe it under `fixtures`"),
        })
    })
}

fn other_level(section: &Section<'_>, written: Option<Level>, found: Level) {
    if written.is_some_and(|level| level != found) {
        section.wrong("level", Fault::new(format!("is `{}`, by what else the test says", found.name())));
    }
}

fn raw(section: &Section<'_>) -> Option<RawQuestion> {
    let (principal, action) = (section.required("principal", text), section.required("action", text));
    let resource = section.required("resource", text);
    let context = section.item("context").map_or_else(|| serde_json::json!({}), |item| item.json());
    let entities = section.item("entities").map_or_else(|| serde_json::json!([]), |item| item.json());
    Some(RawQuestion { principal: principal?, action: action?, resource: resource?, context, entities })
}

/// Every caller with every method and every path.
fn matrix(
    common: &Common,
    level: Level,
    callers: &[String],
    requests: Requests,
    expectations: &Expectations,
) -> Vec<Case> {
    let Requests { methods, targets, rest, signing } = requests;
    let signing = signing.unwrap_or_default();
    let mut cases = Vec::new();
    for caller in callers {
        for method in &methods {
            for target in &targets {
                // A cell is called by what it does not share with its neighbours.
                let dimensions = [(callers, caller), (&methods[..], method), (&targets[..], target)];
                let names = dimensions.iter().filter(|(all, _)| all.len() > 1).map(|(_, one)| one.as_str());
                let cell = names.collect::<Vec<_>>().join(" ");
                let request = Request { method: method.clone(), target: target.clone(), ..rest.clone() };
                let asking = Asking { level, caller: caller.clone(), request, signing: signing.clone() };
                let expect = expectations.of(caller, method, target).unwrap_or_default();
                cases.push(common.case(&cell, Question::Request(Box::new(asking)), expect));
            }
        }
    }
    cases
}
