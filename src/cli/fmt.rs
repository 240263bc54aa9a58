//! `authorizer fmt`: lays policies out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::policy;

/// A file is wrong, or the command line.
const WRONG: u8 = 2;

/// Lay policies out as Cedar's own formatter does. What they say stays the same, comments included.
///
/// Exit code 0: done, or nothing to do. 1: with --check, a file would be laid out otherwise. 2: a file cannot be
/// read or parsed; the others are laid out all the same.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, and folders of them.
    #[arg(value_name = "PATH", default_value = "policies")]
    paths: Vec<PathBuf>,
    /// Change nothing, and say which files would change.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let (mut changed, mut wrong) = (false, false);
    let mut files = Vec::new();
    for path in &arguments.paths {
        if let Err(error) = collect(path, 0, &mut files) {
            eprintln!("error: {error:#}");
            wrong = true;
        }
    }
    for file in &files {
        match lay_out(file, arguments.check) {
            Ok(false) => {}
            Ok(true) => {
                changed = true;
                let verb = if arguments.check { "would be laid out otherwise" } else { "laid out" };
                super::print(&format!("{}: {verb}\n", file.display()));
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                wrong = true;
            }
        }
    }
    match (wrong, changed && arguments.check) {
        (true, _) => ExitCode::from(WRONG),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    }
}

/// Whether the file is, or would be, another one afterwards.
fn lay_out(file: &Path, check: bool) -> anyhow::Result<bool> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    let laid_out = policy::format(file, &text)?;
    if laid_out == text {
        return Ok(false);
    }
    if !check {
        std::fs::write(file, laid_out).with_context(|| format!("{}: cannot be written", file.display()))?;
    }
    Ok(true)
}

/// The files below a path, sorted; a file that is named is one whatever it is called.
fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    const DEEPEST: usize = 8;
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEEPEST {
        bail!("{}: folders are nested deeper than {DEEPEST}", path.display());
    }
    let entries = std::fs::read_dir(path).and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect());
    let mut entries: Vec<PathBuf> = entries.with_context(|| format!("{}: cannot be read", path.display()))?;
    entries.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "cedar") {
            collect(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}
