//! Why a set of policies was not taken: each fault with its file, line, column and a hint.
//!
//! All of them are the operator's. Cedar's own errors are translated here, so that nobody else handles their spans.

use std::fmt;
use std::path::PathBuf;

use super::source::Source;

/// The most faults one load reports; the rest is only counted.
const MOST_REPORTED: usize = 100;

/// A place in a file, counted from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One thing wrong with the policies or the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFault {
    /// The file, or the folder, it is in.
    pub file: PathBuf,
    /// Where in the file; none for a folder or a file that could not be read.
    pub position: Option<Position>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl LoadFault {
    /// A fault of a whole file or folder.
    pub(super) fn whole(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { file: file.into(), position: None, message: message.into(), hint: None }
    }

    /// A fault at an offset of a file.
    pub(super) fn at(source: &Source, offset: usize, message: impl Into<String>) -> Self {
        Self { position: Some(source.position(offset)), ..Self::whole(&source.path, message) }
    }

    /// Adds what to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// One of Cedar's errors, in a file; `fallback` is the offset to name when Cedar gives none.
    pub(super) fn cedar(source: &Source, fallback: usize, error: &dyn miette::Diagnostic) -> Self {
        let offset = error.labels().and_then(|mut labels| labels.next()).map_or(fallback, |label| label.offset());
        let mut message = one_line(&error.to_string());
        // Cedar puts the useful half of some errors in the label or in the cause.
        let label = error.labels().and_then(|mut labels| labels.next()).and_then(|l| l.label().map(one_line));
        let cause = error.source().map(|cause| one_line(&cause.to_string()));
        for more in label.into_iter().chain(cause).filter(|more| !more.is_empty()) {
            if !message.contains(&more) {
                message = format!("{message}: {more}");
            }
        }
        let fault = Self::at(source, offset, message);
        match error.help() {
            Some(help) => fault.hint(one_line(&help.to_string())),
            None => fault,
        }
    }
}

impl fmt::Display for LoadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a set of policies, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct LoadErrors {
    faults: Vec<LoadFault>,
    unreported: usize,
}

impl LoadErrors {
    /// Sorts the faults, drops repetitions (Cedar reports some once for each kind of request) and bounds their number.
    pub(super) fn new(mut faults: Vec<LoadFault>) -> Self {
        faults.sort_by(|a, b| (&a.file, a.position, &a.message).cmp(&(&b.file, b.position, &b.message)));
        faults.dedup();
        let unreported = faults.len().saturating_sub(MOST_REPORTED);
        faults.truncate(MOST_REPORTED);
        Self { faults, unreported }
    }

    /// The faults, the first hundred of them.
    pub fn faults(&self) -> &[LoadFault] {
        &self.faults
    }

    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.faults.len() + self.unreported
    }

    fn summary(&self) -> String {
        let first = self.faults.first().map(ToString::to_string).unwrap_or_default();
        match self.count() {
            0 | 1 => first,
            count => format!("{first}; and {} more", count - 1),
        }
    }
}

/// Cedar's messages may span lines; ours never do.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The candidate that was probably meant, as a hint.
pub(super) fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
