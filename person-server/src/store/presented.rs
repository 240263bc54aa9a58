//! Which access servers were shown a person token: "Person Token Endpoint", records.
//!
//! It is noted before the token is shown, in the transaction that checks that nothing the request rests on was
//! withdrawn. So a withdrawal either keeps the token from being shown or knows whom to tell.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::error::StoreError;
use super::rows::Cells;
use super::{Store, revocations};
use crate::domain::issued::TokenRef;

const TABLE: &str = "presented";

/// A person token about to be shown to an access server, by itself or by a token that goes back to it.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// The person token's identifier.
    pub root: String,
    /// To whom.
    pub server: ServerId,
    /// Until when it matters.
    pub exp: Seconds,
    /// What the request rests on.
    pub rests_on: Vec<TokenRef>,
}

impl Store {
    /// Notes that a person token is shown to an access server. Gives the token that was withdrawn, where one was: then
    /// nothing may be shown.
    pub async fn present(&self, presentation: Presentation) -> Result<Option<TokenRef>, StoreError> {
        self.write("present token", presentation, |connection, presentation| {
            Box::pin(async move {
                let revoked = revocations::revoked_of(connection, &presentation.rests_on).await?;
                if let Some(revoked) = revoked.into_iter().next() {
                    return Ok(Some(revoked));
                }
                sqlx::query(
                    "INSERT INTO presented (jti, server, exp) VALUES ($1, $2, $3)
                     ON CONFLICT (jti, server) DO UPDATE SET exp = excluded.exp WHERE presented.exp < excluded.exp",
                )
                .bind(presentation.root.as_str())
                .bind(presentation.server.as_str())
                .bind(presentation.exp)
                .execute(connection)
                .await?;
                Ok(None)
            })
        })
        .await
    }
}

/// Whom a person token was shown to.
pub(super) async fn to(connection: &mut AnyConnection, jti: &str) -> Result<Vec<ServerId>, StoreError> {
    let rows = sqlx::query("SELECT server FROM presented WHERE jti = $1 ORDER BY server")
        .bind(jti)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Cells::of(TABLE, "server", row).server("server")).collect()
}
