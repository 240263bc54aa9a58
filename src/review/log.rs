//! Reads a decision log, line by line. A line that cannot be read is told of by its place, and the next one follows.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::authorizer::kept::{Kept, VERSION};

/// The longest line that is read. The authorizer's own are shorter.
const LONGEST: u64 = 1024 * 1024;

/// A line of the decision log, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Its number, from one.
    #[serde(skip)]
    pub number: usize,
    /// The resource's id.
    pub resource: String,
    /// `allow`, `challenged`, `unauthenticated`, `denied` or `unavailable`.
    pub outcome: String,
    /// What says more about the outcome.
    pub code: String,
    /// The policies that determined it.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The set of policies that was asked; none if they were not.
    #[serde(default)]
    pub generation: Option<u64>,
    /// What they were asked, where the log was told to keep that.
    #[serde(default)]
    pub input: Option<Kept>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}{}: {message}", file.display(), column.map_or_else(String::new, |column| format!(":{column}")))]
pub struct BadLine {
    /// The file.
    pub file: PathBuf,
    /// Which line, from one.
    pub line: usize,
    /// Where in the line, from one.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// The lines of a file.
#[derive(Debug)]
pub struct Lines {
    file: PathBuf,
    input: BufReader<File>,
    number: usize,
}

impl Lines {
    /// Opens a decision log.
    pub fn open(file: &Path) -> io::Result<Self> {
        Ok(Self { file: file.to_owned(), input: BufReader::new(File::open(file)?), number: 0 })
    }

    fn bad(&self, column: Option<usize>, message: impl Into<String>) -> BadLine {
        BadLine { file: self.file.clone(), line: self.number, column, message: message.into() }
    }

    /// One line without its end; none at the end of the file.
    fn raw(&mut self) -> Result<Option<Vec<u8>>, BadLine> {
        let mut raw = Vec::new();
        self.number += 1;
        let read = self.input.by_ref().take(LONGEST).read_until(b'\n', &mut raw);
        let count = read.map_err(|error| self.bad(None, format!("cannot be read: {error}")))?;
        if count == 0 {
            return Ok(None);
        }
        if raw.last() == Some(&b'\n') {
            raw.pop();
        } else if u64::try_from(count).is_ok_and(|count| count == LONGEST) {
            self.skip_rest();
            return Err(self.bad(None, format!("is longer than {LONGEST} bytes")));
        }
        Ok(Some(raw))
    }

    fn skip_rest(&mut self) {
        loop {
            let mut rest = Vec::new();
            match self.input.by_ref().take(LONGEST).read_until(b'\n', &mut rest) {
                Ok(count) if count > 0 && rest.last() != Some(&b'\n') => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    fn parse(&self, raw: &[u8]) -> Result<Line, BadLine> {
        let mut line: Line = serde_json::from_slice(raw).map_err(|error| {
            let message = error.to_string();
            // The position in the line is told apart from the message.
            let what = message.split(" at line ").next().unwrap_or_default();
            self.bad(Some(error.column().max(1)), format!("is no line of a decision log: {what}"))
        })?;
        line.number = self.number;
        if let Some(kept) = line.input.as_ref().filter(|kept| kept.v != VERSION) {
            return Err(self.bad(None, format!("`input.v` is {}, and {VERSION} is what can be read", kept.v)));
        }
        Ok(line)
    }
}

impl Iterator for Lines {
    type Item = Result<Line, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let raw = match self.raw() {
                Ok(Some(raw)) => raw,
                Ok(None) => return None,
                Err(bad) => return Some(Err(bad)),
            };
            if !raw.trim_ascii().is_empty() {
                return Some(self.parse(&raw));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Result<Line, String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let place = format!("{}:", file.path().display());
        let lines = Lines::open(file.path()).unwrap();
        lines.map(|line| line.map_err(|bad| bad.to_string().replace(&place, ""))).collect()
    }

    const PLAIN: &str = r#"{"time":"x","resource":"orders","outcome":"allow","code":"ok","policies":["a"]}"#;

    #[test]
    fn bad_lines_are_told_by_their_place_and_the_rest_is_read() {
        let read = lines(&format!("{PLAIN}\n\nnonsense\n{{\"resource\":1}}\n{PLAIN}"));
        assert_eq!(read.len(), 4);
        assert_eq!(read[0].as_ref().unwrap().number, 1);
        assert_eq!(read[1].as_ref().unwrap_err(), "3:2: is no line of a decision log: expected ident");
        assert!(read[2].as_ref().unwrap_err().starts_with("4:13: "), "{read:?}");
        assert_eq!(read[3].as_ref().unwrap().number, 5);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = "x".repeat(3_000_000);
        let read = lines(&format!("{long}\n{PLAIN}\n"));
        assert!(read[0].as_ref().unwrap_err().contains("is longer"));
        assert_eq!(read[1].as_ref().unwrap().number, 2);
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn an_input_of_another_version_is_not_guessed_at() {
        let line = PLAIN.replace('}', r#","input":{"v":2,"asked":[]}}"#);
        assert_eq!(lines(&line)[0].as_ref().unwrap_err(), "1: `input.v` is 2, and 1 is what can be read");
    }
}
