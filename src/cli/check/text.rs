//! A finding for people: the place first, as editors and grep like it, then the line of the file with a caret.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use super::finding::Finding;

/// The largest part of a file that is looked at, and the longest line that is shown.
const MOST_READ: u64 = 8 * 1024 * 1024;
const LONGEST: usize = 160;

pub(super) fn render(finding: &Finding) -> String {
    let mut out = finding.file.clone();
    if let Some((line, column)) = finding.at {
        let _ = write!(out, ":{line}:{column}");
    }
    let _ = write!(out, ": {}[{}]: {}", finding.severity.as_str(), finding.rule, finding.message);
    if let Some((line, column)) = finding.at {
        let shown = source_line(&finding.file, line).filter(|text| text.chars().count() <= LONGEST);
        if let Some(text) = shown.filter(|text| !text.trim().is_empty()) {
            let margin = line.to_string();
            let blank = " ".repeat(margin.len());
            let before: String = text.chars().take(column.saturating_sub(1)).map(as_wide).collect();
            let _ = write!(out, "\n{blank} |\n{margin} | {text}\n{blank} | {before}^");
        }
    }
    if let Some(hint) = &finding.hint {
        let _ = write!(out, "\n  hint: {hint}");
    }
    out
}

/// A blank as wide as what it stands under.
fn as_wide(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}

fn source_line(file: &str, line: usize) -> Option<String> {
    let file = File::open(file).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let text = BufReader::new(file.take(MOST_READ)).lines().nth(line.checked_sub(1)?)?.ok()?;
    Some(text.chars().filter(|c| *c == '\t' || !c.is_control()).collect())
}
