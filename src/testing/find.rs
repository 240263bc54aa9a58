//! Which files are suites, and which folder of policies each is about.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The deepest folder that is looked into, which also ends loops of links.
const MAX_DEPTH: usize = 10;

/// The folder whose policies apply to every resource.
const EVERY_RESOURCE: &str = "_all";

/// Suites by the folder of policies that they are about.
pub(super) type Found = BTreeMap<PathBuf, Vec<PathBuf>>;

/// Why a path leads to no suite.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {why}", path.display())]
pub struct NotFound {
    /// The path.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// The suites at these paths; `policies` is the folder they are about, where it is told.
pub(super) fn suites(paths: &[PathBuf], policies: Option<&Path>) -> Result<Found, NotFound> {
    let mut found = Found::new();
    for path in paths {
        let failed = |why: String| NotFound { path: path.clone(), why };
        let is_dir = fs::metadata(path).map_err(|error| failed(plain(&error)))?.is_dir();
        let root = policies.map_or_else(|| root_of(path, is_dir), Path::to_owned);
        let suites = found.entry(root).or_default();
        if is_dir {
            walk(path, 0, suites).map_err(|error| failed(plain(&error)))?;
        } else if is_suite(path) {
            suites.push(path.clone());
        } else {
            return Err(failed("is not a suite; its name must end in `.test.yaml` or `.test.json`".to_owned()));
        }
    }
    for suites in found.values_mut() {
        suites.sort();
        suites.dedup();
    }
    Ok(found)
}

/// The resource whose folder a suite is in.
pub(super) fn home(root: &Path, suite: &Path) -> Option<String> {
    let mut below = suite.strip_prefix(root).ok()?.components();
    let (Some(Component::Normal(folder)), Some(_)) = (below.next(), below.next()) else { return None };
    Some(folder.to_string_lossy().into_owned()).filter(|name| name != EVERY_RESOURCE)
}

/// The folders of policies, which are called like resources.
pub(super) fn folders(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name != EVERY_RESOURCE && !name.starts_with('.')).collect();
    names.sort();
    names
}

/// The folder of policies that a path is in: the nearest called `policies`, else the parent of the folder that holds
/// policies or tests itself, else the path.
fn root_of(path: &Path, is_dir: bool) -> PathBuf {
    if let Some(named) = path.ancestors().find(|ancestor| ancestor.file_name().is_some_and(|name| name == "policies")) {
        return named.to_owned();
    }
    let folder = if is_dir { path } else { path.parent().unwrap_or(path) };
    let holds = |path: &Path| is_suite(path) || path.extension().is_some_and(|extension| extension == "cedar");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_resource = files.filter(|path| path.is_file()).any(|path| holds(&path));
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    if is_resource { parent.unwrap_or(Path::new(".")).to_owned() } else { folder.to_owned() }
}

fn walk(folder: &Path, depth: usize, suites: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!("folders are nested deeper than {MAX_DEPTH}")));
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, suites)?;
        } else if is_suite(&path) {
            suites.push(path);
        }
    }
    Ok(())
}

/// Whether a file is called like a suite.
pub(super) fn is_suite(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".test.yaml", ".test.yml", ".test.json"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a suite is in Cedar's own format.
pub(super) fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn plain(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound { "no such file or folder".to_owned() } else { error.to_string() }
}
