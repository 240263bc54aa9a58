//! The schema and its history: `migrations/*.sql`, applied in order when the store is opened.
//!
//! The files are written once, in PostgreSQL's words; SQLite reads two of them differently. A file that was released is
//! never changed: its checksum is kept in the database and compared.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, SqlSafeStr as _};

use super::database::Kind;
use super::error::StoreError;

const FILES: &[(i64, &str, &str)] = &[
    (1, "foundation", include_str!("../../migrations/0001_foundation.sql")),
    (20, "missions", include_str!("../../migrations/0020_missions.sql")),
    (30, "provider", include_str!("../../migrations/0030_provider.sql")),
    (40, "sessions", include_str!("../../migrations/0040_sessions.sql")),
    (50, "revocation", include_str!("../../migrations/0050_revocation.sql")),
];

/// Brings the schema up to date. Refuses a database that a newer program wrote, and one that another did.
pub(super) async fn migrate(kind: Kind, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let known = FILES.iter().map(|(version, ..)| *version).max().unwrap_or_default();
    migrator(kind).run_direct(None, connection, false).await.map_err(|error| explain(error, known))
}

fn migrator(kind: Kind) -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(in_words_of(kind, sql)).into_sql_str();
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
}

fn in_words_of(kind: Kind, sql: &'static str) -> String {
    match kind {
        Kind::Postgres => sql.to_owned(),
        // `INTEGER PRIMARY KEY`, and no other spelling, numbers the rows.
        Kind::Sqlite => sql.replace("BIGSERIAL", "INTEGER").replace("BYTEA", "BLOB"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the driver's enum is not exhaustive")]
fn explain(error: MigrateError, known: i64) -> StoreError {
    match error {
        MigrateError::VersionMissing(found) if found > known => StoreError::Newer { found, known },
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            StoreError::Foreign { version }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::Refused { code: "migration".to_owned(), why: other.to_string() },
    }
}
