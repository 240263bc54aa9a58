//! Pending asks as rows.
//!
//! What is searched for has a column of its own; the ask and the particulars of its state are JSON.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::domain::ask::Ask;
use crate::domain::issued::TokenRef;
use crate::domain::pending::{Asker, CodeState, Pending, PendingId, State};
use crate::domain::person::PersonKey;
use crate::store::error::StoreError;
use crate::store::rows::{Cells, to_json};

pub(super) const TABLE: &str = "pendings";

/// How many symbols of a code find its ask. The others are compared.
const HANDLE: usize = 4;

/// The part of a code that finds its ask.
pub(super) fn handle(code: &str) -> String {
    code.chars().take(HANDLE).collect()
}

/// Who asked, as the index has it.
pub(super) fn asker_text(asker: &Asker) -> String {
    match asker {
        Asker::Agent(agent) => format!("agent {} {}", agent.iss, agent.sub),
        Asker::Key { thumbprint } => format!("key {thumbprint}"),
        Asker::Server { id } => format!("server {id}"),
    }
}

/// The resource token an ask rests on.
pub(super) fn resource_token(ask: &Ask) -> Option<TokenRef> {
    match ask {
        Ask::Authorize(ask) => Some(TokenRef { iss: ask.resource.clone(), jti: ask.jti.clone() }),
        Ask::Enroll(_)
        | Ask::Identify(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => None,
    }
}

/// The upstream token an ask rests on.
pub(super) fn upstream(ask: &Ask) -> Option<TokenRef> {
    let upstream = match ask {
        Ask::Identify(ask) => ask.upstream.as_ref(),
        Ask::Authorize(ask) => ask.upstream.as_ref(),
        Ask::Enroll(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => None,
    };
    upstream.map(|token| TokenRef { iss: token.iss.clone(), jti: token.jti.clone() })
}

/// `false` where the id or the handle is in use.
pub(super) async fn insert(connection: &mut AnyConnection, pending: &Pending) -> Result<bool, StoreError> {
    let resource_token = resource_token(&pending.ask);
    let upstream = upstream(&pending.ask);
    let inserted = sqlx::query(
        "INSERT INTO pendings (id, asker, asker_json, person, code, handle, code_consumed, code_failures, kind, mission,
                               resource, resource_jti, upstream_iss, upstream_jti, ask, state, detail, version,
                               callback, created_at, expires_at, polled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, $18, $19, $20, $21)
         ON CONFLICT DO NOTHING",
    )
    .bind(pending.id.as_str())
    .bind(asker_text(&pending.asker))
    .bind(to_json(TABLE, &pending.asker)?)
    .bind(pending.person.as_ref().map(PersonKey::as_str))
    .bind(pending.code.code.as_str())
    .bind(handle(&pending.code.code))
    .bind(i64::from(pending.code.consumed))
    .bind(pending.code.failures)
    .bind(pending.ask.kind())
    .bind(pending.ask.mission())
    .bind(resource_token.as_ref().map(|token| token.iss.as_str()))
    .bind(resource_token.as_ref().map(|token| token.jti.as_str()))
    .bind(upstream.as_ref().map(|token| token.iss.as_str()))
    .bind(upstream.as_ref().map(|token| token.jti.as_str()))
    .bind(to_json(TABLE, &pending.ask)?)
    .bind(pending.state.name())
    .bind(to_json(TABLE, &pending.state)?)
    .bind(pending.callback.as_deref())
    .bind(pending.created_at)
    .bind(pending.expires_at)
    .bind(pending.polled_at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

pub(super) fn read(row: &AnyRow) -> Result<Pending, StoreError> {
    let cells = Cells::of(TABLE, "created_at", row);
    let state: State = cells.json("detail")?;
    if state.name() != cells.text("state")? {
        return Err(cells.corrupt("state"));
    }
    Ok(Pending {
        id: PendingId::new(cells.text("id")?),
        asker: cells.json("asker_json")?,
        person: cells.optional_person("person")?,
        code: CodeState {
            code: cells.text("code")?,
            consumed: cells.flag("code_consumed")?,
            failures: cells.integer("code_failures")?,
        },
        ask: cells.json("ask")?,
        state,
        callback: cells.optional_text("callback")?,
        created_at: cells.seconds("created_at")?,
        expires_at: cells.seconds("expires_at")?,
        polled_at: cells.optional_seconds("polled_at")?,
    })
}
