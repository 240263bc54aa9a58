//! `authorizer explain`: why may they, or why not?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::asking::Asking;
use super::set::{Set, Source};
use crate::policy::Principal;
use crate::review::{Detail, Line, Lines, Question, json, text};
use crate::testing::{Measures, Options, RunOptions, Seen, Session, once};

/// Say why a request is let through or not: what each policy says to it, and which part of the policy decided.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  authorizer explain -c authorizer.yaml --as person:https://ps.example#ada --scope orders.read GET https://orders.example/v1/orders
  authorizer explain -c authorizer.yaml --log decisions.jsonl:120
  authorizer explain --test policies/orders/orders.test.yaml --name 'reading needs*'")]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The method of a request.
    #[arg(value_name = "METHOD", requires = "url", conflicts_with_all = ["log", "test"])]
    method: Option<String>,
    /// Its URL, or its path.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The resource, where the host does not tell.
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    #[command(flatten)]
    asking: Asking,
    /// A line of a decision log that holds inputs [default: the last one that does].
    #[arg(long, value_name = "FILE[:LINE]", conflicts_with = "test")]
    log: Option<String>,
    /// A suite.
    #[arg(long, value_name = "FILE", requires = "name")]
    test: Option<PathBuf>,
    /// The name of the test in it.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How to say it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Say all there is: each part of each policy, the context and the entities.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(file) = &arguments.test {
        return of_test(arguments, file, arguments.name.as_deref().unwrap_or_default());
    }
    if let Some(place) = &arguments.log {
        let line = line(place)?;
        let questions = line.input.iter().flat_map(|kept| &kept.asked);
        let questions: Vec<_> = questions.map(|asked| Question::of_log(&line.resource, asked)).collect();
        let set = arguments.source.open([line.resource])?;
        return Ok(show(arguments, &set, &questions, &[]));
    }
    let (Some(method), Some(url)) = (&arguments.method, &arguments.url) else {
        bail!("nothing to explain: name a request, `--log` or `--test`");
    };
    let set = arguments.source.open(arguments.resource.clone())?;
    let question = arguments.asking.question(method, url, arguments.resource.as_deref(), &set)?;
    let response = response(&question, &set)?;
    Ok(show(arguments, &set, &[question], &response))
}

/// What the authorizer answers to the request as a whole: the resource's access mode may well have the first word.
fn response(question: &Question, set: &Set) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let Some(config) = &set.config else {
        return Ok(vec![("access", "not looked at: no configuration is named".into())]);
    };
    let known = config.resources.iter().find(|resource| resource.id.as_str() == question.resource);
    let mode = known.map(|resource| resource.access.name()).unwrap_or_default();
    let seen = once(question, config, &set.snapshot)
        .map_err(|why| anyhow::anyhow!("the request cannot be put to `{}`: {why}", question.resource))?;
    if seen.consulted.is_empty() {
        let access = format!("{mode}: answered before the policies are asked");
        return Ok([("access", access.into())].into_iter().chain(answer(seen)).collect());
    }
    let mut response = vec![("access", format!("{mode}: the policies are asked").into())];
    // Another key was asked about in the place of this one.
    if !matches!(question.principal, Principal::Key { .. }) {
        response.extend(answer(seen));
    }
    Ok(response)
}

/// Status, code, and what is asked for.
fn answer(seen: Seen) -> Vec<(&'static str, Value)> {
    let mut answer: Vec<(&str, Value)> = seen.status.map(|status| ("status", status.into())).into_iter().collect();
    answer.push(("code", seen.code.into()));
    answer.extend(seen.requirement.map(|requirement| ("requires", requirement.into())));
    answer.extend(seen.scope.map(|scopes| ("scope", scopes.join(" ").into())));
    answer.extend(seen.reason.map(|reason| ("detail", reason.into())));
    answer
}

/// The line of the log at this place.
fn line(place: &str) -> anyhow::Result<Line> {
    let numbered = place.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<usize>().ok()?)));
    let (file, number) = numbered.map_or((place, None), |(file, line)| (file, Some(line)));
    let lines = Lines::open(Path::new(file)).with_context(|| format!("`{file}` cannot be read"))?;
    let mut last = None;
    for read in lines {
        match (read, number) {
            (Ok(line), Some(number)) if line.number == number => {
                if line.input.is_none() {
                    bail!("{file}:{number}: the line holds no input; set `decision_log.inputs: true`");
                }
                return Ok(line);
            }
            (Err(bad), Some(number)) if bad.line == number => return Err(bad.into()),
            (Ok(line), None) if line.input.is_some() => last = Some(line),
            (Ok(_) | Err(_), _) => {}
        }
    }
    match number {
        Some(number) => bail!("{file}:{number}: there is no such line"),
        None => last.with_context(|| format!("{file}: no line holds an input; set `decision_log.inputs: true`")),
    }
}

fn of_test(arguments: &Arguments, file: &Path, name: &str) -> anyhow::Result<ExitCode> {
    let Source { config, policies, schemas } = arguments.source.clone();
    let run = RunOptions { jobs: 1, fail_fast: false };
    let options = Options {
        paths: vec![file.to_owned()],
        config,
        policies,
        schemas,
        filter: Some(name.parse()?),
        run,
        measures: Measures::default(),
    };
    let prepared = Session::new(options).prepare()?;
    if let Some(trouble) = prepared.troubles.first() {
        let place = trouble.at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        bail!("{}{place}: {}", trouble.file, trouble.message);
    }
    let mut found = false;
    for folder in prepared.folders {
        let outcomes = folder.bench.run(&folder.snapshot, run)?;
        let set = Set { snapshot: folder.snapshot, config: None, resources: folder.resources };
        for outcome in outcomes {
            let Some(seen) = outcome.seen else { continue };
            found = true;
            let mut response = vec![("test", Value::from(format!("{}/{}", outcome.suite, outcome.name)))];
            response.extend(seen.status.map(|status| ("status", Value::from(status))));
            response.push(("code", Value::from(seen.code)));
            response.extend(seen.reason.map(|reason| ("detail", Value::from(reason))));
            let fields = seen.headers.into_iter().map(|(name, value)| format!("{name}: {value}"));
            response.push(("headers", fields.collect()));
            if !seen.metadata.is_empty() {
                response.push(("metadata", Value::Object(seen.metadata)));
            }
            let questions: Vec<_> = seen.consulted.iter().map(Question::of_check).collect();
            show(arguments, &set, &questions, &response);
        }
    }
    if !found {
        bail!("{}: no test is called `{name}`", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows each question, and the response to the request that they are of, where that is known.
fn show(arguments: &Arguments, set: &Set, questions: &[Question], response: &[(&str, Value)]) -> ExitCode {
    let explained: Vec<_> = questions.iter().map(|q| (q, q.explain(&set.snapshot))).collect();
    if arguments.format == Format::Json {
        let questions: Vec<Value> = explained.iter().map(|(question, found)| json(question, found)).collect();
        let response: serde_json::Map<_, _> =
            response.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        super::print(&format!("{:#}\n", serde_json::json!({ "questions": questions, "response": response })));
        return ExitCode::SUCCESS;
    }
    let detail = if arguments.verbose { Detail::Whole } else { Detail::Plain };
    let mut lines: Vec<String> = explained.iter().map(|(question, found)| text(question, found, detail)).collect();
    if explained.is_empty() {
        lines.push("the policies were not asked: the request was answered before\n".to_owned());
    }
    for (name, value) in response {
        match value {
            Value::String(text) => lines.push(format!("{name:<10} {text}")),
            Value::Array(items) => {
                let items = items.iter().filter_map(Value::as_str);
                lines.extend(items.map(|item| format!("{:<10} {item}", "header")));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                lines.push(format!("{name:<10} {value}"));
            }
        }
    }
    super::print(&format!("{}\n", lines.join("\n").trim_end()));
    ExitCode::SUCCESS
}
