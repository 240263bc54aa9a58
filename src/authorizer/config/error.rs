//! What a reader of the configuration file is told: mistakes, which stop the start, and warnings, which do not.
//!
//! Every line names file, line, column, the key's path, what is wrong and, where one is known, how to mend it.

use std::fmt;

/// Where in the file something stands; both count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A key or a value: its path, and its position where the file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Such as `resources[0].signing_key.alg`; empty for the file as a whole.
    pub path: String,
    /// `None` when there is no text to point at, as when the file cannot be read.
    pub at: Option<Position>,
}

impl Place {
    /// The file as a whole.
    pub(crate) fn file() -> Self {
        Self { path: String::new(), at: None }
    }

    /// A key below this place.
    pub(crate) fn key(&self, key: &str, at: impl Into<Option<Position>>) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{}{dot}{}", self.path, quotable(key)), at: at.into() }
    }

    /// An item of the list at this place.
    pub(crate) fn item(&self, index: usize, at: Position) -> Self {
        Self { path: format!("{}[{index}]", self.path), at: Some(at) }
    }

    /// `file:line:column: path: `, as far as known.
    fn write_prefix(&self, f: &mut fmt::Formatter<'_>, file: &str) -> fmt::Result {
        write!(f, "{file}:")?;
        if let Some(at) = self.at {
            write!(f, "{}:{}:", at.line, at.column)?;
        }
        f.write_str(" ")?;
        if self.path.is_empty() { Ok(()) } else { write!(f, "{}: ", self.path) }
    }
}

/// Something the configuration must not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it says it.
    pub place: Place,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a value, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong: lower case, one line.
    pub message: String,
    /// How to mend it, where that is known.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without a known remedy.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds the remedy.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// Every mistake of one file, in the order of the file. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    file: String,
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    pub(crate) fn new(file: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|m| m.place.at);
        Self { file: file.to_owned(), mistakes }
    }

    /// One for a file that cannot be read at all.
    pub(crate) fn unreadable(file: &str, why: &std::io::Error) -> Self {
        let fault = Fault::new(format!("cannot read the configuration: {why}"));
        Self::new(file, vec![Mistake { place: Place::file(), fault }])
    }

    /// What the file is called.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The mistakes.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, mistake) in self.mistakes.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            mistake.place.write_prefix(f, &self.file)?;
            write!(f, "{}", mistake.fault)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Something legal that an operator should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub(crate) file: String,
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.write_prefix(f, &self.file)?;
        f.write_str(&self.message)
    }
}

/// Text of the file as it may be quoted back: short, printable, on one line.
pub(crate) fn quotable(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}
