//! Results, for people and for machines. A format is a function from a [`Report`] to text; nothing is decided here.

mod github;
mod json;
mod junit;
mod pretty;
mod tap;

use std::path::Path;
use std::time::Duration;

use super::bench::{Outcome, Status};
use super::coverage::Coverage;
use super::mutation::Mutation;
use crate::authorizer::config::ConfigErrors;
use crate::policy::LoadErrors;

/// Text as XML takes it, in attributes too.
pub(super) use junit::escape as escape_xml;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// The tests, in the order of the files.
    pub outcomes: Vec<Outcome>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// What of the policies the tests try, where it was asked for.
    pub coverage: Option<Coverage>,
    /// Which changes of the policies they notice, where it was asked for.
    pub mutation: Option<Mutation>,
    /// How long it took, with reading.
    pub elapsed: Duration,
}

/// Something that could not be read: a policy, a schema, a suite, the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The file.
    pub file: String,
    /// Line and column.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and the mend.
    pub message: String,
}

/// How many tests came out which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// As expected.
    pub passed: usize,
    /// Otherwise, or not to be asked.
    pub failed: usize,
    /// Skipped by the suite.
    pub skipped: usize,
    /// Not run, since another had failed.
    pub not_run: usize,
}

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON document.
    Json,
    /// JUnit's XML.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// Annotations of GitHub Actions.
    Github,
}

impl Report {
    /// The results in a format.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Pretty => pretty::render(self),
            Format::Json => json::render(self),
            Format::Junit => junit::render(self),
            Format::Tap => tap::render(self),
            Format::Github => github::render(self),
        }
    }

    /// How many tests came out which way.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for outcome in &self.outcomes {
            match outcome.status {
                Status::Passed => counts.passed += 1,
                Status::Failed(_) | Status::Broken(_) => counts.failed += 1,
                Status::Skipped(_) => counts.skipped += 1,
                Status::NotRun => counts.not_run += 1,
            }
        }
        counts
    }

    /// The suites: runs of outcomes of one file.
    fn suites(&self) -> impl Iterator<Item = &[Outcome]> {
        self.outcomes.chunk_by(|a, b| a.file == b.file)
    }
}

impl Trouble {
    /// Something wrong with a file as a whole.
    pub(super) fn whole(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.display().to_string(), at: None, message: message.into() }
    }

    /// What is wrong with a configuration or a suite.
    pub(super) fn of_config(errors: &ConfigErrors) -> Vec<Self> {
        let trouble = |mistake: &crate::authorizer::config::Mistake| {
            let path = &mistake.place.path;
            let space = if path.is_empty() { "" } else { ": " };
            Self {
                file: errors.file().to_owned(),
                at: mistake.place.at.map(|at| (at.line, at.column)),
                message: format!("{path}{space}{}", mistake.fault),
            }
        };
        errors.mistakes().iter().map(trouble).collect()
    }

    /// What is wrong with policies.
    pub(super) fn of_policies(errors: &LoadErrors) -> Vec<Self> {
        let trouble = |fault: &crate::policy::LoadFault| Self {
            file: fault.file.display().to_string(),
            at: fault.position.map(|at| (at.line, at.column)),
            message: match &fault.hint {
                Some(hint) => format!("{} (hint: {hint})", fault.message),
                None => fault.message.clone(),
            },
        };
        errors.faults().iter().map(trouble).collect()
    }

    /// `file:line:column`, as far as known.
    pub(super) fn place(&self) -> String {
        match self.at {
            Some((line, column)) => format!("{}:{line}:{column}", self.file),
            None => self.file.clone(),
        }
    }
}

/// What went wrong with a test, one line each; none for one that passed.
fn complaints(outcome: &Outcome) -> Vec<String> {
    match &outcome.status {
        Status::Failed(mismatches) => {
            let line = |m: &super::Mismatch| format!("{}: expected {}, got {}", m.what, m.expected, m.got);
            mismatches.iter().map(line).collect()
        }
        Status::Broken(why) => vec![why.clone()],
        Status::Passed | Status::Skipped(_) | Status::NotRun => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
