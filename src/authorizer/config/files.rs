//! Files that the configuration names: where a relative path leads, and whether something is there.
//!
//! A relative path is looked for in the configuration's folder first, then in the working directory.

use std::path::{Path, PathBuf};

use super::error::{Fault, quotable};
use super::reader::{Parsed, Section};

impl Section<'_> {
    /// The path of a file to be read, at `key`.
    pub(super) fn file(&self, key: &'static str) -> Option<PathBuf> {
        self.value(key, |text| self.locate(text, "file", Path::is_file))
    }

    /// The same, where it must be given.
    pub(super) fn required_file(&self, key: &'static str) -> Option<PathBuf> {
        self.required(key, |text| self.locate(text, "file", Path::is_file))
    }

    /// The same, for a file that only its owner should read.
    pub(super) fn required_secret_file(&self, key: &'static str) -> Option<PathBuf> {
        let path = self.required_file(key)?;
        if self.report.folder.is_some() && readable_by_all(&path) {
            self.warn(
                key,
                format!("`{}` can be read by every user of this machine", quotable(&path.to_string_lossy())),
            );
        }
        Some(path)
    }

    /// The path of a folder, at `key`; `default` when it is absent.
    pub(super) fn folder(&self, key: &'static str, default: &str) -> PathBuf {
        let folder = |text: &str| self.locate(text, "folder", Path::is_dir);
        let written = self.value(key, folder);
        if self.has(key) {
            return written.unwrap_or_default();
        }
        // Not written, so not worth refusing to start: who needs the folder will say so.
        folder(default).unwrap_or_else(|fault| {
            self.warn(key, fault.message);
            PathBuf::from(default)
        })
    }

    /// The path of something yet to be made: below the configuration's folder, never the working directory.
    pub(super) fn new_file(&self, text: &str) -> Parsed<PathBuf> {
        let path = PathBuf::from(super::values::text(text)?);
        Ok(self.report.folder.as_ref().map_or_else(|| path.clone(), |folder| folder.join(&path)))
    }

    fn locate(&self, text: &str, what: &str, is_there: fn(&Path) -> bool) -> Parsed<PathBuf> {
        let path = PathBuf::from(super::values::text(text)?);
        let Some(folder) = &self.report.folder else { return Ok(path) };
        let beside = folder.join(&path);
        if is_there(&beside) {
            return Ok(beside);
        }
        if is_there(&path) {
            return Ok(path);
        }
        let state = if beside.exists() { format!("is not a {what}") } else { format!("no such {what}") };
        let fault = Fault::new(format!("`{}`: {state}", quotable(text)));
        if path.is_absolute() {
            return Err(fault);
        }
        Err(fault.hint("a relative path is looked for in the configuration's folder, then in the working directory"))
    }
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|m| m.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn readable_by_all(_: &Path) -> bool {
    false
}
