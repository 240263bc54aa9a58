//! Who has to be told of a withdrawal, and how far that got: "Revocation Response", downstream outcomes.
//!
//! A notice is a row, so it outlives the process. Whoever is about to tell takes it by moving its next try ahead: of two
//! replicas one tells, and if that one dies, the other does after a minute.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::Store;
use super::error::StoreError;
use super::rows::{Cells, to_json};
use crate::domain::withdrawal::{Notice, Role, Told};

const TABLE: &str = "notices";

/// How long a notice that was taken is left to whoever took it, in seconds.
const TAKEN_FOR: Seconds = 60;

impl Store {
    /// What a withdrawal waits for.
    pub async fn notices(&self, withdrawal: &str) -> Result<Vec<Notice>, StoreError> {
        self.read(withdrawal.to_owned(), |connection, withdrawal| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "SELECT notices.* FROM notices JOIN withdrawal_notices AS link
                       ON link.jti = notices.jti AND link.recipient = notices.recipient AND link.role = notices.role
                     WHERE link.withdrawal = $1 ORDER BY notices.recipient, notices.jti",
                )
                .bind(withdrawal.as_str())
                .fetch_all(connection)
                .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Takes notices that are due, up to `limit`: of one withdrawal, or of any.
    pub async fn take_notices(
        &self,
        withdrawal: Option<&str>,
        now: Seconds,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        let arguments = (withdrawal.map(str::to_owned), now, limit);
        self.write("take notices", arguments, |connection, (withdrawal, now, limit)| {
            Box::pin(async move {
                let sql = if withdrawal.is_some() { TAKE_OF } else { TAKE };
                let rows = sqlx::query(sql)
                    .bind(now.saturating_add(TAKEN_FOR))
                    .bind(*now)
                    .bind(i64::from(*limit))
                    .bind(withdrawal.as_deref().unwrap_or_default())
                    .fetch_all(connection)
                    .await?;
                rows.iter().map(read).collect()
            })
        })
        .await
    }

    /// Keeps how far telling got, and when it is tried again.
    pub async fn keep_notice(&self, notice: Notice, due_at: Seconds) -> Result<(), StoreError> {
        self.write("keep notice", (notice, due_at), |connection, (notice, due_at)| {
            Box::pin(async move {
                let pending_url = match &notice.told {
                    Told::Awaited { url } => Some(url.as_str()),
                    Told::Due | Told::Recorded | Told::Unsupported | Told::Unavailable => None,
                };
                sqlx::query(
                    "UPDATE notices SET outcome = $4, tries = $5, due_at = $6, pending_url = $7, downstream = $8
                     WHERE jti = $1 AND recipient = $2 AND role = $3",
                )
                .bind(notice.jti.as_str())
                .bind(notice.recipient.as_str())
                .bind(notice.role.name())
                .bind(notice.told.name())
                .bind(notice.tries)
                .bind(*due_at)
                .bind(pending_url)
                .bind(to_json(TABLE, &notice.downstream)?)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

macro_rules! take {
    ($only:literal) => {
        concat!(
            "UPDATE notices SET due_at = $1 WHERE (jti, recipient, role) IN (",
            "SELECT jti, recipient, role FROM notices ",
            "WHERE outcome IN ('due', 'awaited', 'unavailable') AND due_at <= $2 AND exp > $2 AND ",
            $only,
            " ORDER BY due_at LIMIT $3) RETURNING *"
        )
    };
}
const TAKE: &str = take!("$4 = ''");
const TAKE_OF: &str = take!(
    "EXISTS (SELECT 1 FROM withdrawal_notices AS link WHERE link.withdrawal = $4 AND link.jti = notices.jti \
     AND link.recipient = notices.recipient AND link.role = notices.role)"
);

/// Notes that somebody has to be told, and that the withdrawal waits for it. Who was told already is not told again.
pub(super) async fn add(
    connection: &mut AnyConnection,
    withdrawal: &str,
    (jti, recipient, role): (&str, &ServerId, Role),
    exp: Seconds,
    now: Seconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notices (jti, recipient, role, exp, outcome, tries, due_at, downstream)
         VALUES ($1, $2, $3, $4, 'due', 0, $5, '[]') ON CONFLICT DO NOTHING",
    )
    .bind(jti)
    .bind(recipient.as_str())
    .bind(role.name())
    .bind(exp)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO withdrawal_notices (withdrawal, jti, recipient, role) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(withdrawal)
    .bind(jti)
    .bind(recipient.as_str())
    .bind(role.name())
    .execute(connection)
    .await?;
    Ok(())
}

/// "Re-attempts each downstream revocation that did not succeed."
pub(super) async fn tell_again(
    connection: &mut AnyConnection,
    withdrawal: &str,
    now: Seconds,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE notices SET outcome = 'due', due_at = $2 WHERE outcome IN ('unavailable', 'unsupported')
           AND EXISTS (SELECT 1 FROM withdrawal_notices AS link WHERE link.withdrawal = $1 AND link.jti = notices.jti
                       AND link.recipient = notices.recipient AND link.role = notices.role)",
    )
    .bind(withdrawal)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Notice, StoreError> {
    let cells = Cells::of(TABLE, "jti", row);
    let role = cells.text("role")?;
    let role = Role::ALL.into_iter().find(|one| one.name() == role).ok_or_else(|| cells.corrupt("role"))?;
    let told = match cells.text("outcome")?.as_str() {
        "due" => Told::Due,
        "awaited" => Told::Awaited { url: cells.text("pending_url")? },
        "recorded" => Told::Recorded,
        "unsupported" => Told::Unsupported,
        "unavailable" => Told::Unavailable,
        _ => return Err(cells.corrupt("outcome")),
    };
    Ok(Notice {
        jti: cells.text("jti")?,
        recipient: cells.server("recipient")?,
        role,
        exp: cells.seconds("exp")?,
        told,
        tries: cells.integer("tries")?,
        downstream: cells.json("downstream")?,
    })
}
