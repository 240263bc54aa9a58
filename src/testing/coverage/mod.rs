//! What of the policies the tests try: which policies decide a test and which hold still in another, and which
//! actions and resources are asked for at all.

mod cobertura;
mod json;
mod lcov;
mod pretty;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::bench::Outcome;
use super::seen::Seen;
use super::session::Folder;
use super::suite::Question;
use crate::authorizer::consulted::Consulted;
use crate::policy::{Audit, Auditor, Effect, RequestFacts, WrittenPolicy};

/// What of the policies the tests try.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every policy, in the order of the files.
    pub policies: Vec<PolicyCover>,
    /// How many tests ask for each action of the schema.
    pub actions: BTreeMap<String, usize>,
    /// How many tests ask each resource.
    pub resources: BTreeMap<String, usize>,
}

/// How many tests try one policy, and in which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCover {
    /// Its id.
    pub id: String,
    /// Which way it decides.
    pub effect: Effect,
    /// Whether it is evaluated and not enforced. Such a policy is told of, and not counted.
    pub shadow: bool,
    /// The file.
    pub file: PathBuf,
    /// Its first line, annotations included.
    pub first_line: usize,
    /// Its last line.
    pub last_line: usize,
    /// Its scope matched, so that its conditions counted.
    pub evaluated: usize,
    /// All of it matched.
    pub satisfied: usize,
    /// It decided, alone or with others.
    pub determining: usize,
    /// It did not match: its scope did and a condition did not; for a policy without conditions, its scope did not.
    pub unsatisfied: usize,
}

/// A format of coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageFormat {
    /// A table for people.
    Pretty,
    /// LCOV's tracefile: a function a policy, with a branch for each outcome.
    Lcov,
    /// Cobertura's XML: a method a policy, with a condition on its first line.
    Cobertura,
    /// One JSON document.
    Json,
}

impl PolicyCover {
    fn new(policy: WrittenPolicy<'_>) -> Self {
        Self {
            id: policy.id.to_owned(),
            effect: policy.effect,
            shadow: policy.shadow,
            file: policy.file.to_owned(),
            first_line: policy.first_line,
            last_line: policy.last_line,
            evaluated: 0,
            satisfied: 0,
            determining: 0,
            unsatisfied: 0,
        }
    }

    /// Whether it decided a test, and did not match in another.
    pub fn is_covered(&self) -> bool {
        self.determining > 0 && self.unsatisfied > 0
    }

    /// What no test has shown of it.
    fn missing(&self) -> Vec<&'static str> {
        let decides = if self.shadow { self.satisfied } else { self.determining };
        let missing = [(self.evaluated, "is evaluated"), (decides, "decides"), (self.unsatisfied, "does not match")];
        missing.into_iter().filter(|(count, _)| *count == 0).map(|(_, what)| what).collect()
    }
}

impl Coverage {
    /// The policies that are enforced.
    pub fn enforced(&self) -> impl Iterator<Item = &PolicyCover> {
        self.policies.iter().filter(|policy| !policy.shadow)
    }

    /// How many of them are covered, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.enforced().filter(|policy| policy.is_covered()).count(), self.enforced().count())
    }

    /// The percentage of the policies in force that are covered; without any, all of them are.
    pub fn percent(&self) -> f64 {
        let (covered, all) = self.counts();
        let exact = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        if all == 0 { 100.0 } else { 100.0 * exact(covered) / exact(all) }
    }

    /// The coverage in a format.
    pub fn render(&self, format: CoverageFormat) -> String {
        match format {
            CoverageFormat::Pretty => pretty::render(self),
            CoverageFormat::Lcov => lcov::render(self),
            CoverageFormat::Cobertura => cobertura::render(self),
            CoverageFormat::Json => json::render(self),
        }
    }

    /// Adds what these tests of a folder have tried.
    pub(super) fn add(&mut self, folder: &Folder, outcomes: &[Outcome]) -> Result<(), String> {
        let auditor = Auditor::new(&folder.written, &folder.resources)?;
        let written: Vec<WrittenPolicy<'_>> = folder.written.policies().collect();
        let mut covers: Vec<PolicyCover> = written.iter().copied().map(PolicyCover::new).collect();
        for action in folder.written.actions() {
            self.actions.entry(action).or_default();
        }
        for resource in &folder.resources {
            self.resources.entry(resource.clone()).or_default();
        }
        for outcome in outcomes {
            let Some(seen) = &outcome.seen else { continue };
            let audits = audits(&auditor, folder, outcome, seen);
            self.count(&audits);
            for (number, (policy, cover)) in written.iter().zip(&mut covers).enumerate() {
                let asked = |audit: &&Audit| policy.home.is_none_or(|home| audit.resources.iter().any(|id| id == home));
                let found: Vec<Matched> = audits.iter().filter(asked).map(|audit| Matched::of(number, audit)).collect();
                let any = |matched: fn(&Matched) -> bool| usize::from(found.iter().any(matched));
                cover.evaluated += any(|matched| matched.evaluated);
                cover.satisfied += any(|matched| matched.satisfied);
                cover.unsatisfied += if policy.conditional {
                    any(|matched| matched.evaluated && !matched.satisfied)
                } else {
                    any(|matched| !matched.satisfied)
                };
                cover.determining += usize::from(seen.policies.iter().any(|id| *id == *policy.id));
            }
        }
        self.policies.extend(covers);
        Ok(())
    }

    /// Which actions and resources a test asks for, each once.
    fn count(&mut self, audits: &[Audit]) {
        let mut actions: Vec<&String> = audits.iter().map(|audit| &audit.action).collect();
        let mut resources: Vec<&String> = audits.iter().flat_map(|audit| &audit.resources).collect();
        for (names, counts) in [(&mut actions, &mut self.actions), (&mut resources, &mut self.resources)] {
            names.sort_unstable();
            names.dedup();
            for name in names {
                *counts.entry(name.clone()).or_default() += 1;
            }
        }
    }
}

/// What a policy said to one question.
struct Matched {
    evaluated: bool,
    satisfied: bool,
}

impl Matched {
    fn of(number: usize, audit: &Audit) -> Self {
        Self {
            evaluated: audit.evaluated.binary_search(&number).is_ok(),
            satisfied: audit.satisfied.binary_search(&number).is_ok(),
        }
    }
}

/// What each policy said to the questions of a test.
fn audits(auditor: &Auditor<'_>, folder: &Folder, outcome: &Outcome, seen: &Seen) -> Vec<Audit> {
    match folder.bench.case(outcome.number).map(|case| &case.question) {
        Some(Question::Cedar(question) | Question::RunTests(question)) => {
            auditor.raw(folder.bench.home(outcome.number), question).into_iter().collect()
        }
        Some(Question::Request(_)) | None => {
            let audit = |consulted: &Consulted| {
                let ask = |facts: &RequestFacts<'_>| {
                    auditor.request(&consulted.resource, &consulted.subject, facts, consulted.now)
                };
                consulted.again(ask)
            };
            seen.consulted.iter().filter_map(audit).collect()
        }
    }
}
