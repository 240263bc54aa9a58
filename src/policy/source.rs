//! Reads the folders of policies and schemas, whole, with a hash over everything read.
//!
//! Names that begin with a dot are skipped: editors' leftovers, and the `..data` links by which Kubernetes swaps a
//! ConfigMap, whose files are reached through the links beside them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{LoadFault, Position, did_you_mean};
use super::store::StoreConfig;

/// The folder whose policies apply to every resource.
const EVERY_RESOURCE: &str = "_all";

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// The most files that are read.
const MAX_FILES: usize = 20_000;

/// The deepest folder that is read, which also ends loops of links.
const MAX_DEPTH: usize = 8;

/// Which resources a file's policies apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// Every one.
    All,
    /// The one with this id.
    Resource(String),
}

impl Home {
    /// Whether this resource is one of them.
    pub(super) fn reaches(&self, resource: &str) -> bool {
        match self {
            Self::All => true,
            Self::Resource(id) => id == resource,
        }
    }
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) home: Home,
    pub(super) text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn new(path: PathBuf, home: Home, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path, home, text, lines }
    }

    /// The position of a byte offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }
}

/// Everything that was read, and what could not be.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) policies: Vec<Source>,
    pub(super) schemas: Vec<Source>,
    pub(super) faults: Vec<LoadFault>,
    /// SHA-256 over names, contents and faults, in hexadecimal.
    pub(super) hash: String,
}

/// Reads everything the configuration names.
pub(super) fn read(config: &StoreConfig) -> Sources {
    let mut reader = Reader::default();
    let policies = reader.policies(config);
    let schemas = reader.schemas(&config.schemas_dir);
    let hash = hash(&policies, &schemas, &reader.faults);
    Sources { policies, schemas, faults: reader.faults, hash }
}

#[derive(Default)]
struct Reader {
    faults: Vec<LoadFault>,
    files: usize,
}

impl Reader {
    fn policies(&mut self, config: &StoreConfig) -> Vec<Source> {
        let mut sources = Vec::new();
        for path in self.entries(&config.policies_dir) {
            if !path.is_dir() {
                if has_extension(&path, "cedar") {
                    self.faults.push(
                        LoadFault::whole(path, "a policy file must be in the folder of a resource")
                            .hint(format!("move it to `{EVERY_RESOURCE}/` for every resource")),
                    );
                }
                continue;
            }
            match home(&path, &config.resources) {
                Ok(home) => self.walk(&path, "cedar", &home, 0, &mut sources),
                Err(fault) => self.faults.push(fault),
            }
        }
        sources
    }

    fn schemas(&mut self, dir: &Path) -> Vec<Source> {
        let mut sources = Vec::new();
        // Extending the schema is optional, and so is the folder to do it in.
        if dir.exists() {
            self.walk(dir, "cedarschema", &Home::All, 0, &mut sources);
        }
        sources
    }

    fn walk(&mut self, dir: &Path, extension: &str, home: &Home, depth: usize, sources: &mut Vec<Source>) {
        if depth > MAX_DEPTH {
            self.faults.push(LoadFault::whole(dir, format!("folders are nested deeper than {MAX_DEPTH}")));
            return;
        }
        for path in self.entries(dir) {
            if path.is_dir() {
                self.walk(&path, extension, home, depth + 1, sources);
            } else if has_extension(&path, extension) {
                match self.file(&path) {
                    Ok(text) => sources.push(Source::new(path, home.clone(), text)),
                    Err(fault) => self.faults.push(fault),
                }
            }
        }
    }

    /// The entries of a folder that are not hidden, sorted.
    fn entries(&mut self, dir: &Path) -> Vec<PathBuf> {
        let listing = fs::read_dir(dir).and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect());
        let mut paths: Vec<PathBuf> = match listing {
            Ok(paths) => paths,
            Err(error) => {
                self.faults.push(LoadFault::whole(dir, format!("the folder cannot be read: {}", plain(&error))));
                return Vec::new();
            }
        };
        paths.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
        paths.sort();
        paths
    }

    fn file(&mut self, path: &Path) -> Result<String, LoadFault> {
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(LoadFault::whole(path, format!("there are more than {MAX_FILES} files")));
        }
        let unreadable = |error: io::Error| LoadFault::whole(path, format!("cannot be read: {}", plain(&error)));
        let meta = fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() {
            return Err(LoadFault::whole(path, "is not a file"));
        }
        if meta.len() > MAX_FILE_BYTES {
            return Err(LoadFault::whole(path, format!("is larger than {MAX_FILE_BYTES} bytes")));
        }
        String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|error| {
            LoadFault::whole(path, format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
        })
    }
}

/// Which resources the policies of a folder apply to.
fn home(dir: &Path, resources: &[String]) -> Result<Home, LoadFault> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    if name == EVERY_RESOURCE {
        return Ok(Home::All);
    }
    if resources.iter().any(|id| *id == name) {
        return Ok(Home::Resource(name.into_owned()));
    }
    let hint = did_you_mean(&name, resources.iter().map(String::as_str).chain([EVERY_RESOURCE]));
    let hint = hint.unwrap_or_else(|| format!("name the folder after a configured resource, or `{EVERY_RESOURCE}`"));
    Err(LoadFault::whole(dir, format!("no resource has the id `{name}`")).hint(hint))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn plain(error: &io::Error) -> String {
    error.kind().to_string()
}

fn hash(policies: &[Source], schemas: &[Source], faults: &[LoadFault]) -> String {
    let mut hasher = Sha256::new();
    // Lengths go in front, so that no two sets run together to the same bytes.
    let mut update = |text: &[u8]| {
        hasher.update(text.len().to_be_bytes());
        hasher.update(text);
    };
    for source in policies.iter().chain(schemas) {
        update(source.path.as_os_str().as_encoded_bytes());
        update(source.text.as_bytes());
    }
    for fault in faults {
        update(fault.to_string().as_bytes());
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}
