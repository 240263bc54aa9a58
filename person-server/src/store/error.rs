//! Why the database could not do what it was asked.
//!
//! What the database says is kept as text, and only its headline: its details quote values, and a value may be a
//! person's.

use std::path::PathBuf;

/// A failure of the store, after which nothing of the operation was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The operator's: the URL names no database this program knows.
    #[error("`{scheme}` is not a database: use `sqlite://path/to/file` or `postgres://user@host/name`")]
    UnknownDatabase {
        /// What stood before the colon.
        scheme: String,
    },
    /// The operator's: the URL is not one.
    #[error("the database url cannot be read: {why}")]
    BadUrl {
        /// What is wrong with it. Never the URL itself, which may hold a password.
        why: String,
    },
    /// The operator's: the file cannot be created or opened.
    #[error("cannot open the database file `{path}`: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The operator's: the database was written by a newer program.
    #[error("the database is at version {found}, newer than the {known} this program knows: run the newer program")]
    Newer {
        /// The newest migration the database has.
        found: i64,
        /// The newest this program has.
        known: i64,
    },
    /// The operator's: what was applied as this version is not what this program has under that number.
    #[error(
        "migration {version} was applied with other contents: this is another program's database, or it was edited"
    )]
    Foreign {
        /// The migration.
        version: i64,
    },
    /// The operator's: the database keeps text in an encoding that cannot hold ours.
    #[error("the database's encoding is `{found}`: create it with `ENCODING 'UTF8'`")]
    Encoding {
        /// The encoding.
        found: String,
    },
    /// The operator's: this database is backed up with its own tools.
    #[error("a PostgreSQL database is backed up with `pg_dump`")]
    NotOurs,
    /// Of the moment: too much is waiting to be written.
    #[error("the database has too much to write: try again in a moment")]
    Busy,
    /// Of the moment: the database cannot be reached.
    #[error("the database is not reachable: {why}")]
    Unavailable {
        /// What the driver says.
        why: String,
    },
    /// Of the moment: others changed the same rows, each time it was tried.
    #[error("others keep changing the same rows: try again in a moment")]
    Contended,
    /// The caller's: what was to be kept contradicts what is.
    #[error("it cannot be kept: {what}")]
    Conflict {
        /// What contradicts.
        what: &'static str,
    },
    /// Ours, or a tamperer's: a stored value is none that this program writes.
    #[error("`{column}` of a row of `{table}` holds what this program never writes there (row `{row}`)")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// Ours: a value cannot be written as JSON.
    #[error("a value for `{table}` cannot be written: {why}")]
    Unwritable {
        /// The table.
        table: &'static str,
        /// What the serializer says.
        why: String,
    },
    /// Ours, or the database's: it refused a statement.
    #[error("the database refused a statement ({code}): {why}")]
    Refused {
        /// The database's own code.
        code: String,
        /// Its headline.
        why: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed in a moment: what a caller answers 503 to.
    pub fn is_of_the_moment(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable { .. } | Self::Contended)
    }

    /// A write was not acknowledged in time.
    pub(super) fn late() -> Self {
        Self::unavailable("it did not answer in time")
    }

    /// The database cannot be used just now.
    pub(super) fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable { why: why.into() }
    }
}

impl From<sqlx::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the driver's enum is not exhaustive")]
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(said) => of_database(&said.code().unwrap_or_default(), said.message()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::unavailable(error.to_string()),
            // The rest are statements that do not fit the schema, which the suite would have found.
            other => Self::Refused { code: "driver".to_owned(), why: other.to_string() },
        }
    }
}

fn of_database(code: &str, said: &str) -> StoreError {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => StoreError::Contended,
        // Shutting down, starting up, too many connections, read only since it is a standby.
        "57P01" | "57P02" | "57P03" | "53300" | "25006" => StoreError::unavailable(said),
        // Connection exceptions, and resources run out.
        _ if code.len() == 5 && (code.starts_with("08") || code.starts_with("53")) => StoreError::unavailable(said),
        // SQLite's codes are numbers, with the kind in the low byte: busy, locked, read only, input and output, full.
        _ if code.len() < 5 && matches!(code.parse::<u32>().map(|code| code & 0xff), Ok(5 | 6 | 8 | 10 | 13)) => {
            StoreError::unavailable(said)
        }
        _ => StoreError::Refused { code: code.to_owned(), why: said.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (code, of_the_moment) in [
            ("40001", true),
            ("40P01", true),
            ("57P01", true),
            ("53300", true),
            ("08006", true),
            // A duplicate, a missing table, a statement that took too long.
            ("23505", false),
            ("42P01", false),
            ("57014", false),
            // SQLite: busy, locked, busy with a snapshot, input and output, full; then a constraint, a missing table.
            ("5", true),
            ("6", true),
            ("517", true),
            ("1546", true),
            ("13", true),
            ("787", false),
            ("1", false),
        ] {
            assert_eq!(of_database(code, "said").is_of_the_moment(), of_the_moment, "{code}");
        }
        assert_eq!(of_database("40001", "said"), StoreError::Contended);
    }

    /// A database quotes the offending values in its details: those are not kept.
    #[test]
    fn an_error_reads_as_a_sentence() {
        let corrupt = StoreError::Corrupt { table: "consents", column: "scopes", row: "c1".to_owned() };
        let said = "`scopes` of a row of `consents` holds what this program never writes there (row `c1`)";
        assert_eq!(corrupt.to_string(), said);
        let newer = StoreError::Newer { found: 9, known: 1 };
        let said = "the database is at version 9, newer than the 1 this program knows: run the newer program";
        assert_eq!(newer.to_string(), said);
    }
}
