//! Sessions of browsers, by the SHA-256 of their secrets. One that is over has no row.

use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::Store;
use super::error::StoreError;
use super::rows::Cells;
use super::{audit, credentials};
use crate::domain::audit::AuditEvent;
use crate::domain::person::PersonKey;
use crate::domain::session::{Begun, IDLE, LASTS, Secret, SecretDigest, Secrets, Session, offers_lost_before, overlap};

const TABLE: &str = "sessions";

/// Sessions that one person has at once; the least recently used give way.
const MOST: i64 = 50;

impl Store {
    /// Begins a session with a setup link, which is used up.
    pub async fn begin_by_setup(
        &self,
        setup: SecretDigest,
        id: String,
        secret: Secret,
        now: Seconds,
    ) -> Result<Option<Session>, StoreError> {
        self.write("log in by setup link", (setup, id, secret, now), |connection, (setup, id, secret, now)| {
            Box::pin(async move {
                let Some(person) = credentials::use_setup(connection, *setup, *now).await? else { return Ok(None) };
                let session = Session::begin(id.clone(), person, Begun::Setup, secret, *now);
                begin(connection, &session).await?;
                Ok(Some(session))
            })
        })
        .await
    }

    /// Begins a session with an API token, whose end is the session's.
    pub async fn begin_by_api_token(
        &self,
        token: SecretDigest,
        id: String,
        secret: Secret,
        now: Seconds,
    ) -> Result<Option<Session>, StoreError> {
        self.write("log in by api token", (token, id, secret, now), |connection, (token, id, secret, now)| {
            Box::pin(async move {
                let Some(token) = credentials::find(connection, *token, *now).await? else { return Ok(None) };
                let begun = Begun::ApiToken { id: token.id };
                let session = Session::begin(id.clone(), token.person, begun, secret, *now);
                begin(connection, &session).await?;
                Ok(Some(session))
            })
        })
        .await
    }

    /// The session that one of whose secrets has this hash. One that an API token began is over when the token is.
    pub async fn session(&self, hash: SecretDigest, now: Seconds) -> Result<Option<Session>, StoreError> {
        self.read((hash, now), |connection, (hash, now)| {
            Box::pin(async move {
                let row = sqlx::query(
                    "SELECT * FROM sessions WHERE (hash = $1 OR offered_hash = $1 OR replaced_hash = $1)
                       AND NOT EXISTS (SELECT 1 FROM api_tokens AS token
                                       WHERE token.id = sessions.api_token AND token.expires_at <= $2)",
                )
                .bind(hash.to_text())
                .bind(*now)
                .fetch_optional(connection)
                .await?;
                row.as_ref().map(read).transpose()
            })
        })
        .await
    }

    /// Notes that a session was used.
    pub async fn note_session(&self, id: &str, now: Seconds) -> Result<(), StoreError> {
        self.write("note session", (id.to_owned(), now), |connection, (id, now)| {
            Box::pin(async move {
                let noted = sqlx::query("UPDATE sessions SET seen_at = $2 WHERE id = $1");
                noted.bind(id.as_str()).bind(*now).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Offers a session another secret. `false` where another request has just done so.
    pub async fn offer_secret(&self, id: &str, secret: SecretDigest, now: Seconds) -> Result<bool, StoreError> {
        self.write("offer secret", (id.to_owned(), secret, now), |connection, (id, secret, now)| {
            Box::pin(async move {
                let offered = sqlx::query(
                    "UPDATE sessions SET offered_hash = $2, offered_at = $3, seen_at = $3
                     WHERE id = $1 AND (offered_hash IS NULL OR offered_at <= $4)",
                )
                .bind(id.as_str())
                .bind(secret.to_text())
                .bind(*now)
                .bind(offers_lost_before(*now))
                .execute(connection)
                .await?;
                Ok(offered.rows_affected() > 0)
            })
        })
        .await
    }

    /// The offered secret came back: it replaces the current one.
    pub async fn confirm_secret(&self, id: &str, secret: SecretDigest, now: Seconds) -> Result<(), StoreError> {
        self.write("confirm secret", (id.to_owned(), secret, now), |connection, (id, secret, now)| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE sessions SET replaced_hash = hash, replaced_until = $4, hash = offered_hash, since = $3,
                                         offered_hash = NULL, offered_at = NULL, seen_at = $3
                     WHERE id = $1 AND offered_hash = $2",
                )
                .bind(id.as_str())
                .bind(secret.to_text())
                .bind(*now)
                .bind(overlap(*now))
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// A person's sessions that count, the latest first.
    pub async fn sessions_of(&self, person: &PersonKey, now: Seconds) -> Result<Vec<Session>, StoreError> {
        self.read((person.clone(), now), |connection, (person, now)| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT * FROM sessions WHERE person = $1 AND seen_at > $2 AND created_at > $3
                     ORDER BY created_at DESC, id",
                )
                .bind(person.as_str())
                .bind(*now - IDLE)
                .bind(*now - LASTS)
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Ends one of a person's sessions. `false` where there is no such.
    pub async fn end_session(&self, person: &PersonKey, id: &str, event: AuditEvent) -> Result<bool, StoreError> {
        self.write("end session", (person.clone(), id.to_owned(), event), |connection, (person, id, event)| {
            Box::pin(async move {
                let ended = sqlx::query("DELETE FROM sessions WHERE id = $1 AND person = $2")
                    .bind(id.as_str())
                    .bind(person.as_str())
                    .execute(&mut *connection)
                    .await?;
                if ended.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::add(connection, event).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Ends all of a person's sessions. How many there were.
    pub async fn end_sessions(&self, person: &PersonKey, event: AuditEvent) -> Result<u64, StoreError> {
        self.write("end sessions", (person.clone(), event), |connection, (person, event)| {
            Box::pin(async move {
                let ended = sqlx::query("DELETE FROM sessions WHERE person = $1");
                let ended = ended.bind(person.as_str()).execute(&mut *connection).await?;
                audit::add(connection, event).await?;
                Ok(ended.rows_affected())
            })
        })
        .await
    }

    /// Forgets sessions, setup links and API tokens that are over.
    pub async fn prune_sessions(&self, now: Seconds) -> Result<(), StoreError> {
        self.write("prune sessions", now, |connection, now| {
            Box::pin(async move {
                let over = sqlx::query("DELETE FROM sessions WHERE seen_at <= $1 OR created_at <= $2");
                over.bind(*now - IDLE).bind(*now - LASTS).execute(&mut *connection).await?;
                let late = sqlx::query("DELETE FROM setups WHERE expires_at <= $1");
                late.bind(*now).execute(&mut *connection).await?;
                let ended = sqlx::query("DELETE FROM api_tokens WHERE expires_at <= $1");
                ended.bind(*now).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn begin(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    let token = match &session.begun {
        Begun::Setup => None,
        Begun::ApiToken { id } => Some(id.as_str()),
    };
    sqlx::query(
        "INSERT INTO sessions (id, person, begun, api_token, created_at, seen_at, hash, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(session.id.as_str())
    .bind(session.person.as_str())
    .bind(session.begun.name())
    .bind(token)
    .bind(session.created_at)
    .bind(session.seen_at)
    .bind(session.secrets.current.to_text())
    .bind(session.secrets.since)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM sessions WHERE person = $1 AND id <> $2 AND id NOT IN
             (SELECT id FROM sessions WHERE person = $1 ORDER BY seen_at DESC, created_at DESC, id LIMIT $3)",
    )
    .bind(session.person.as_str())
    .bind(session.id.as_str())
    .bind(MOST)
    .execute(&mut *connection)
    .await?;
    let mut event = AuditEvent::new(session.created_at, Some(session.person.clone()), "session.begun");
    event.detail.insert("by".to_owned(), session.begun.name().into());
    audit::add(connection, &event).await
}

fn read(row: &AnyRow) -> Result<Session, StoreError> {
    let cells = Cells::of(TABLE, "id", row);
    let digest = |column| {
        let text = cells.optional_text(column)?;
        text.map(|text| SecretDigest::from_text(&text).ok_or_else(|| cells.corrupt(column))).transpose()
    };
    let pair = |hash, time| Ok::<_, StoreError>(digest(hash)?.zip(cells.optional_seconds(time)?));
    let begun = match (cells.text("begun")?.as_str(), cells.optional_text("api_token")?) {
        ("setup", None) => Begun::Setup,
        ("api_token", Some(id)) => Begun::ApiToken { id },
        _ => return Err(cells.corrupt("begun")),
    };
    Ok(Session {
        id: cells.text("id")?,
        person: cells.person("person")?,
        begun,
        created_at: cells.seconds("created_at")?,
        seen_at: cells.seconds("seen_at")?,
        secrets: Secrets {
            current: digest("hash")?.ok_or_else(|| cells.corrupt("hash"))?,
            since: cells.seconds("since")?,
            offered: pair("offered_hash", "offered_at")?,
            replaced: pair("replaced_hash", "replaced_until")?,
        },
    })
}
