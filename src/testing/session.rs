//! From what the command line says to a report. Everything is read anew each time, so that a watch can run it again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, Outcome, RunOptions};
use super::cedar_json;
use super::explain;
use super::filter::Filter;
use super::find::{self, Found, NotFound};
use super::read;
use super::report::{Report, Trouble};
use super::suite::Suite;
use super::world::{ANY, Setting, identifiers};
use crate::authorizer::config::error::ConfigErrors;
use crate::authorizer::config::{Config, read_bounded};
use crate::authorizer::stopwatch::Stopwatch;
use crate::policy::{Snapshot, StoreConfig, Written};

/// Which tests to run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Suites, and folders of them; without any, the policies of the configuration, else `policies`.
    pub paths: Vec<PathBuf>,
    /// The configuration that describes the resources.
    pub config: Option<PathBuf>,
    /// The folder of policies, where it is not the one that the suites are in.
    pub policies: Option<PathBuf>,
    /// The folder of schemas; without one, the configuration's, else `schemas` beside the policies.
    pub schemas: Option<PathBuf>,
    /// Tests whose suite and name match this.
    pub filter: Option<Filter>,
    /// How to run them.
    pub run: RunOptions,
    /// What else to find out about them.
    pub measures: Measures,
}

/// What to find out about tests beside whether they pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measures {
    /// What of the policies they try.
    pub coverage: bool,
    /// Which changes of the policies they notice.
    pub mutation: bool,
}

/// A run of tests that can be repeated.
#[derive(Debug)]
pub struct Session {
    options: Options,
}

/// Policies and their tests, ready to run.
#[derive(Debug)]
pub struct Prepared {
    /// One entry a folder of policies.
    pub folders: Vec<Folder>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

/// A folder of policies and its tests.
#[derive(Debug)]
pub struct Folder {
    /// The folder.
    pub policies: PathBuf,
    /// The folder of schemas.
    pub schemas: PathBuf,
    /// The ids of the resources there are.
    pub resources: Vec<String>,
    /// The policies.
    pub snapshot: Arc<Snapshot>,
    /// The same, with their text.
    pub written: Written,
    /// Their tests.
    pub bench: Bench,
}

impl Session {
    /// A session with these options.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Reads policies and suites, and runs the tests.
    pub fn run(&self) -> Result<Report, NotFound> {
        let watch = Stopwatch::start();
        let Prepared { folders, mut troubles } = self.prepare()?;
        let mut report = Report::default();
        for folder in &folders {
            match folder.bench.run(&folder.snapshot, self.options.run) {
                Ok(mut done) => {
                    explain::failures(&mut done, &folder.snapshot);
                    self.measure(folder, &done, &mut report, &mut troubles);
                    report.outcomes.extend(done);
                }
                Err(error) => {
                    troubles.push(Trouble::whole(&folder.policies, format!("the tests cannot be run: {error}")));
                }
            }
        }
        report.troubles = troubles;
        report.elapsed = Duration::from_micros(watch.micros());
        Ok(report)
    }

    /// Finds out what the options ask for about tests that were run.
    fn measure(&self, folder: &Folder, outcomes: &[Outcome], report: &mut Report, troubles: &mut Vec<Trouble>) {
        let mut failed = |what: &str, error: &dyn std::fmt::Display| {
            troubles.push(Trouble::whole(&folder.policies, format!("the {what} cannot be found out: {error}")));
        };
        if self.options.measures.coverage {
            let coverage = report.coverage.get_or_insert_default();
            coverage.add(folder, outcomes).unwrap_or_else(|error| failed("coverage", &error));
        }
        if self.options.measures.mutation {
            let mutation = report.mutation.get_or_insert_default();
            mutation.add(folder, outcomes, self.options.run.jobs).unwrap_or_else(|error| failed("mutants", &error));
        }
    }

    /// Reads policies and suites. What is wrong with one of them keeps no other from being run.
    pub fn prepare(&self) -> Result<Prepared, NotFound> {
        let mut troubles = Vec::new();
        let config = match self.config() {
            Ok(config) => config,
            Err(errors) => return Ok(Prepared { folders: Vec::new(), troubles: Trouble::of_config(&errors) }),
        };
        let mut folders = Vec::new();
        for (policies, files) in self.found(config.as_ref())? {
            folders.extend(self.folder(policies, &files, config.as_ref(), &mut troubles));
        }
        Ok(Prepared { folders, troubles })
    }

    /// The folders whose files bear on the tests.
    pub fn watched(&self) -> Vec<PathBuf> {
        let config = self.config().ok().flatten();
        let mut watched: Vec<PathBuf> = self.options.paths.clone();
        watched.extend(self.options.config.clone());
        for (policies, _) in self.found(config.as_ref()).unwrap_or_default() {
            watched.push(self.schemas(&policies, config.as_ref()));
            watched.push(policies);
        }
        watched.sort();
        watched.dedup();
        watched
    }

    fn config(&self) -> Result<Option<Config>, ConfigErrors> {
        let Some(file) = &self.options.config else { return Ok(None) };
        let name = file.display().to_string();
        let text = read_bounded(file).map_err(|why| ConfigErrors::unreadable(&name, &why))?;
        // Keys and certificates need not be here: tests bring their own.
        Config::parse(&text, &name).map(|(config, _)| Some(config))
    }

    fn found(&self, config: Option<&Config>) -> Result<Found, NotFound> {
        let configured = config.map(|config| self.beside_config(&config.policies.dir));
        let policies = self.options.policies.clone().or_else(|| configured.clone());
        let mut paths = self.options.paths.clone();
        if paths.is_empty() {
            paths.push(policies.clone().unwrap_or_else(|| "policies".into()));
        }
        find::suites(&paths, policies.as_deref())
    }

    fn folder(
        &self,
        policies: PathBuf,
        files: &[PathBuf],
        config: Option<&Config>,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Folder> {
        let mut suites = Vec::new();
        for file in files {
            match suite(&policies, file, config) {
                Ok(suite) => suites.push(suite),
                Err(found) => troubles.extend(found),
            }
        }
        let resources = resources(&policies, &suites, config);
        let schemas = self.schemas(&policies, config);
        let store =
            StoreConfig { policies_dir: policies.clone(), schemas_dir: schemas.clone(), resources: resources.clone() };
        let written = match Written::open(&store) {
            Ok(written) => written,
            Err(errors) => {
                troubles.extend(Trouble::of_policies(&errors));
                return None;
            }
        };
        let snapshot = Arc::clone(written.snapshot());
        let scopes = snapshot.scopes().iter().map(ToString::to_string).collect();
        let setting = Setting { config, resources: &resources, scopes };
        let wanted = |suite: &str, name: &str| {
            self.options.filter.as_ref().is_none_or(|filter| filter.matches(&format!("{suite}/{name}")))
        };
        let (bench, faults) = Bench::new(suites, &setting, wanted);
        troubles.extend(faults.iter().map(|(file, fault)| Trouble::whole(Path::new(&**file), fault.to_string())));
        Some(Folder { policies, schemas, resources, snapshot, written, bench })
    }

    fn schemas(&self, policies: &Path, config: Option<&Config>) -> PathBuf {
        if let Some(schemas) = &self.options.schemas {
            return schemas.clone();
        }
        match config {
            Some(config) => self.beside_config(&config.policies.schemas),
            None => policies.parent().unwrap_or(Path::new("")).join("schemas"),
        }
    }

    /// A path of the configuration: in its own folder, else in the working directory.
    fn beside_config(&self, path: &Path) -> PathBuf {
        let folder = self.options.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let beside = folder.join(path);
        if beside.exists() { beside } else { path.to_owned() }
    }
}

/// The resources that policies may be about.
fn resources(policies: &Path, suites: &[Suite], config: Option<&Config>) -> Vec<String> {
    if let Some(config) = config {
        return config.resources.iter().map(|resource| resource.id.as_str().to_owned()).collect();
    }
    let mut resources = find::folders(policies);
    resources.extend(suites.iter().map(|suite| suite.resource_id().to_owned()));
    if resources.is_empty() {
        resources.push(ANY.to_owned());
    }
    resources.sort();
    resources.dedup();
    resources
}

/// Reads a suite.
fn suite(policies: &Path, file: &Path, config: Option<&Config>) -> Result<Suite, Vec<Trouble>> {
    let text = read_bounded(file).map_err(|error| vec![Trouble::whole(file, format!("cannot be read: {error}"))])?;
    let home = find::home(policies, file);
    let read = if find::is_json(file) {
        cedar_json::suite(file, &text, home.as_deref())
    } else {
        read::suite(file, &text, home.as_deref(), identifiers(config))
    };
    read.map_err(|errors| Trouble::of_config(&errors))
}
