//! `authorizer check`: is everything that `serve` would read in order?

mod finding;
mod github;
mod sarif;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use finding::{Finding, Severity};

use crate::authorizer::build::BuildError;
use crate::authorizer::check::Authorizer;
use crate::authorizer::config::Config;
use crate::authorizer::shadow;
use crate::clock::SystemClock;
use crate::policy::Surroundings;

/// Read configuration, keys, schemas and policies, and say everything that is wrong with them.
///
/// Exit code 0: nothing is wrong. 1: something is.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, short, env = "AAUTH_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Whether a warning is as good as an error.
    #[arg(long)]
    deny_warnings: bool,
    /// How to say it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

/// What was found, and what there is if it can be run.
struct Checked {
    findings: Vec<Finding>,
    summary: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Checked { mut findings, summary } = check(&arguments.config);
    if arguments.deny_warnings {
        for finding in &mut findings {
            finding.severity = Severity::Error;
        }
    }
    match arguments.format {
        Format::Text => findings.iter().for_each(|finding| eprintln!("{}", text::render(finding))),
        Format::Json => super::print(&format!("{:#}\n", finding::json(&findings))),
        Format::Sarif => super::print(&format!("{:#}\n", sarif::render(&findings))),
        Format::Github => super::print(&github::render(&findings)),
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return ExitCode::FAILURE;
    }
    if let (Format::Text, Some(summary)) = (arguments.format, summary) {
        super::print(&format!("{summary}\n"));
    }
    ExitCode::SUCCESS
}

fn check(file: &Path) -> Checked {
    let (config, warnings) = match Config::load(file) {
        Ok(loaded) => loaded,
        Err(errors) => return Checked { findings: Finding::of_config(&errors), summary: None },
    };
    let mut findings: Vec<Finding> = warnings.iter().map(Finding::of_warning).collect();
    let mut summary = None;
    match Authorizer::build(&config, Arc::new(SystemClock)) {
        Ok(authorizer) => {
            let policies = authorizer.policies.current();
            let around: Vec<_> = authorizer.resources.iter().map(|resource| surroundings(resource)).collect();
            let lints = policies.lint(&around, &suites(&config.policies.dir, 0));
            findings.extend(lints.iter().map(Finding::of_lint));
            summary = Some(format!(
                "{}: ok: {} resources, {} policies",
                file.display(),
                config.resources.len(),
                policies.policy_count()
            ));
        }
        Err(BuildError::Policies(errors)) => findings.extend(Finding::of_policies(&errors)),
        Err(error) => findings.push(Finding::whole(file, error.to_string())),
    }
    if let Err(errors) = shadow::open(&config) {
        findings.extend(Finding::of_policies(&errors));
    }
    Checked { findings, summary }
}

fn surroundings(resource: &crate::authorizer::resource::Resource) -> Surroundings {
    let trusted = |trusted: &crate::authorizer::resource::Trusted| {
        (!trusted.any).then(|| trusted.named.iter().map(ToString::to_string).collect())
    };
    let identity = resource.identity_scopes.iter().map(ToString::to_string);
    Surroundings {
        resource: resource.id.clone(),
        agent_providers: trusted(&resource.agent_servers),
        person_servers: trusted(&resource.person_servers),
        scopes: resource.scope_descriptions.keys().cloned().chain(identity).collect(),
        services: resource.rpc.iter().map(|route| route.service.clone()).collect(),
    }
}

/// The texts of the suites below a folder; those that cannot be read are for `authorizer test` to tell of.
fn suites(folder: &Path, depth: usize) -> Vec<String> {
    const DEEPEST: usize = 8;
    let mut texts = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && depth < DEEPEST {
            texts.extend(suites(&path, depth + 1));
        } else if name.ends_with(".test.yaml") || name.ends_with(".test.json") {
            texts.extend(std::fs::read_to_string(&path));
        }
    }
    texts
}
