//! How long `authorizer test` takes: a thousand tests over two hundred policies, the same with coverage, and from a save to
//! the results under `--watch`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench stops at the first surprise, and measures"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use aauth_authorizer::testing::{Measures, Options, RunOptions, Session};

const POLICIES: usize = 200;
const TESTS: usize = 1000;
const SAVES: usize = 9;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies/orders");
    fs::create_dir_all(&policies).unwrap();
    fs::write(policies.join("orders.cedar"), policies_text()).unwrap();
    fs::write(policies.join("orders.test.yaml"), suite()).unwrap();

    println!("tests_seconds: {:.3}", median(|| session(folder.path(), false)));
    println!("tests_coverage_seconds: {:.3}", median(|| session(folder.path(), true)));
    println!("watch_ms: {:.0}", watch(folder.path()));
}

fn policies_text() -> String {
    let mut text = String::new();
    for n in 0..POLICIES {
        writeln!(
            text,
            "@id(\"p{n}\") permit (principal is AAuth::Person, action in HTTP::Action::\"read\", resource in \
             HTTP::Path::\"/v1/{n}\") when {{ context.token.scopes.contains(\"s{}\") }};",
            n % 2
        )
        .unwrap();
    }
    text
}

/// Each policy is asked about five times, for a person who has one of two scopes.
fn suite() -> String {
    let mut text = String::from(
        "fixtures:\n  ada: { person: { server: https://ps.example, sub: ada }, token: { scopes: [s0] } }\ntests:\n",
    );
    for n in 0..TESTS {
        let at = n % POLICIES;
        let decision = if at.is_multiple_of(2) { "allow" } else { "deny" };
        writeln!(text, "  - {{ name: t{n}, as: ada, request: {{ path: /v1/{at}/x }}, expect: {decision} }}").unwrap();
    }
    text
}

/// Runs the tests as the command does, from reading the files on.
fn session(folder: &Path, coverage: bool) -> f64 {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let session = Session::new(Options {
        paths: vec![folder.join("policies")],
        config: None,
        policies: None,
        schemas: None,
        filter: None,
        run: RunOptions { jobs, fail_fast: false },
        measures: Measures { coverage, mutation: false },
    });
    let start = Instant::now();
    let report = session.run().unwrap();
    let took = start.elapsed().as_secs_f64();
    assert_eq!((report.counts().passed, report.troubles.len()), (TESTS, 0));
    took
}

/// Milliseconds from a save of a policy to the end of the results.
fn watch(folder: &Path) -> f64 {
    let file: PathBuf = folder.join("policies/orders/orders.cedar");
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorizer"));
    let mut child =
        command.args(["test", "policies", "--watch"]).current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut results = || while !lines.next().unwrap().unwrap().contains("1000 tests: ") {};
    results();
    let mut times = Vec::new();
    for n in 0..SAVES {
        let start = Instant::now();
        fs::write(&file, format!("{}// {n}\n", policies_text())).unwrap();
        results();
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    middle(times)
}

fn median(measure: impl Fn() -> f64) -> f64 {
    middle((0..5).map(|_| measure()).collect())
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap()
}
