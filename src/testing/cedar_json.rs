//! Cedar's own tests: the JSON that its `run-tests` reads, unchanged.
//!
//! As there, a test names at least the policies that determined the decision, entities may be in a file beside the
//! tests, and policies that fail to evaluate are passed over. Policies are those of the folder that the file is in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::suite::{Case, DEFAULT_NOW, Decision, Expect, Ids, Question, Suite};
use crate::authorizer::config::error::{ConfigErrors, Fault, Mistake, Place, quotable};
use crate::authorizer::config::{Position, read_bounded, yaml};
use crate::policy::RawQuestion;

#[derive(Deserialize)]
struct RunTest {
    name: Option<String>,
    request: RequestJson,
    entities: Value,
    decision: Outcome,
    reason: Vec<String>,
    num_errors: usize,
}

#[derive(Deserialize)]
struct RequestJson {
    principal: String,
    action: String,
    resource: String,
    #[serde(default = "empty")]
    context: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Allow,
    Deny,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

/// Reads a suite of the folder `home`.
pub(super) fn suite(file: &Path, text: &str, home: Option<&str>) -> Result<Suite, ConfigErrors> {
    let name = file.display().to_string();
    let failed = |mistakes| ConfigErrors::new(&name, mistakes);
    let tests: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        let at = Position { line: error.line().max(1), column: error.column().max(1) };
        let fault = Fault::new(format!("not a list of tests: {error}"));
        failed(vec![Mistake { place: Place { path: String::new(), at: Some(at) }, fault }])
    })?;
    let places = places(text);
    let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
    for (n, test) in tests.into_iter().enumerate() {
        let at = places.get(n).copied().unwrap_or(Position { line: 1, column: 1 });
        match case(test, n, at, file.parent().unwrap_or(Path::new(""))) {
            Ok(case) => cases.push(case),
            Err(fault) => mistakes.push(Mistake { place: Place { path: format!("[{n}]"), at: Some(at) }, fault }),
        }
    }
    if !mistakes.is_empty() {
        return Err(failed(mistakes));
    }
    let stem = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = stem.trim_end_matches(".json").trim_end_matches(".test").to_owned();
    let home = home.map(str::to_owned);
    Ok(Suite { file: file.to_owned(), name: stem, home, resource: None, callers: BTreeMap::new(), cases })
}

fn case(test: Value, number: usize, at: Position, folder: &Path) -> Result<Case, Fault> {
    let test: RunTest = serde_json::from_value(test).map_err(|error| Fault::new(error.to_string()))?;
    let entities = match test.entities.as_str() {
        Some(file) => entities(folder, file)?,
        None => test.entities,
    };
    let RequestJson { principal, action, resource, context } = test.request;
    let decision = match test.decision {
        Outcome::Allow => Decision::Allow,
        Outcome::Deny => Decision::Deny,
    };
    let expect = Expect {
        decision: Some(decision),
        policies: Some(Ids::Contains(test.reason.into_iter().collect::<BTreeSet<_>>())),
        error_count: Some(test.num_errors),
        ..Expect::default()
    };
    Ok(Case {
        name: test.name.unwrap_or_else(|| format!("test {}", number + 1)),
        at,
        now: DEFAULT_NOW,
        skip: None,
        question: Question::RunTests(Box::new(RawQuestion { principal, action, resource, context, entities })),
        expect,
    })
}

/// Entities from a file beside the tests, and from nowhere else.
fn entities(folder: &Path, file: &str) -> Result<Value, Fault> {
    let fault = |why: String| Fault::new(format!("the entities of `{}`: {why}", quotable(file)));
    let real = |path: &Path| path.canonicalize().map_err(|error| fault(error.kind().to_string()));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = real(&folder.join(file))?;
    if !path.starts_with(real(folder)?) {
        return Err(fault("the file is outside of the folder of the tests".to_owned()));
    }
    let text = read_bounded(&path).map_err(|error| fault(error.kind().to_string()))?;
    serde_json::from_str(&text).map_err(|error| fault(error.to_string()))
}

/// Where each test starts. JSON is YAML to this reader, which knows lines; where it is not, tests have no place.
fn places(text: &str) -> Vec<Position> {
    match yaml::read(text) {
        Ok(Some(yaml::Node { value: yaml::Value::List(items), .. })) => items.iter().map(|item| item.at).collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}
