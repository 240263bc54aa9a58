//! Tokens that were withdrawn: by this server, or told to it by their issuers. "Token Revocation". What brings them here is
//! a withdrawal.

use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use super::rows::Cells;
use crate::domain::issued::{Revocation, TokenRef};

/// How many tokens one statement looks for: all that a token can rest on.
const AT_ONCE: usize = 4;

impl Store {
    /// Which of these tokens are withdrawn.
    pub async fn revoked_of(&self, tokens: Vec<TokenRef>) -> Result<Vec<TokenRef>, StoreError> {
        // A single statement sees one moment anyway.
        if tokens.len() <= AT_ONCE {
            return self.read(tokens, |connection, tokens| Box::pin(revoked_of(connection, tokens))).await;
        }
        self.view(tokens, |connection, tokens| Box::pin(revoked_of(connection, tokens))).await
    }
}

/// Which of the tokens are withdrawn, in no order.
pub(super) async fn revoked_of(
    connection: &mut AnyConnection,
    tokens: &[TokenRef],
) -> Result<Vec<TokenRef>, StoreError> {
    let mut revoked = Vec::new();
    // An empty place matches nothing.
    for some in tokens.chunks(AT_ONCE) {
        let mut query = sqlx::query(
            "SELECT iss, jti FROM revocations
             WHERE (iss = $1 AND jti = $2) OR (iss = $3 AND jti = $4)
                OR (iss = $5 AND jti = $6) OR (iss = $7 AND jti = $8)",
        );
        for place in 0..AT_ONCE {
            let token = some.get(place);
            query = query.bind(token.map(|token| token.iss.as_str())).bind(token.map(|token| token.jti.as_str()));
        }
        for row in query.fetch_all(&mut *connection).await? {
            let cells = Cells::of("revocations", "jti", &row);
            revoked.push(TokenRef { iss: cells.server("iss")?, jti: cells.text("jti")? });
        }
    }
    Ok(revoked)
}

pub(super) async fn add(connection: &mut AnyConnection, revocation: &Revocation) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO revocations (iss, jti, exp, revoked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(revocation.token.iss.as_str())
        .bind(revocation.token.jti.as_str())
        .bind(revocation.exp)
        .bind(revocation.at)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn has_more_than(
    connection: &mut AnyConnection,
    token: &TokenRef,
    limit: u32,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM revocations WHERE iss = $1 LIMIT 1 OFFSET $2")
        .bind(token.iss.as_str())
        .bind(i64::from(limit.saturating_sub(1)))
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
