//! A folder of policies and suites that goes with a test.

use std::fs;
use std::path::PathBuf;

use super::report::Report;
use super::{Measures, Options, RunOptions, Session};

/// The folder.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    /// With these policies for `orders`.
    pub(super) fn with(policies: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("policies/orders/orders.cedar", policies);
        folder
    }

    /// With a suite `orders/a.test.yaml` beside the policies.
    pub(super) fn suite(self, suite: &str) -> Self {
        self.write("policies/orders/a.test.yaml", suite);
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn options(&self) -> Options {
        Options {
            paths: vec![self.path("policies")],
            config: None,
            policies: None,
            schemas: None,
            filter: None,
            run: RunOptions { jobs: 2, fail_fast: false },
            measures: Measures::default(),
        }
    }

    pub(super) fn run(&self) -> Report {
        Session::new(self.options()).run().unwrap()
    }

    /// Every outcome that is no success, and every mistake, one a line, with paths below the folder.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints_of(&self.run())
    }

    pub(super) fn complaints_of(&self, report: &Report) -> Vec<String> {
        let outcomes = report.outcomes.iter().filter(|outcome| outcome.status.is_failure());
        let outcomes = outcomes.map(|outcome| format!("{}: {:?}", outcome.name, outcome.status));
        let troubles = report.troubles.iter().map(|trouble| format!("{}: {}", trouble.place(), trouble.message));
        let root = format!("{}/", self.0.path().display());
        outcomes.chain(troubles).map(|line| line.replace(&root, "")).collect()
    }
}
