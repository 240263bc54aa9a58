//! Tokens that were withdrawn: by this server, or told to it by their issuers. "Token Revocation".

use sqlx::AnyConnection;

use super::Store;
use super::error::StoreError;
use crate::domain::issued::{Revocation, TokenRef};

/// What became of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is remembered from now on.
    Now,
    /// It was remembered already.
    Before,
    /// Its issuer has withdrawn as many as are remembered of one.
    TooMany,
}

impl Store {
    /// Remembers that a token was withdrawn; of one issuer, up to `limit` at a time.
    pub async fn revoke(&self, revocation: Revocation, limit: u32) -> Result<Revoked, StoreError> {
        self.write("revoke token", (revocation, limit), |connection, (revocation, limit)| {
            Box::pin(async move {
                if is_revoked(connection, &revocation.token).await? {
                    return Ok(Revoked::Before);
                }
                if has_more_than(connection, &revocation.token, *limit).await? {
                    return Ok(Revoked::TooMany);
                }
                add(connection, revocation).await?;
                Ok(Revoked::Now)
            })
        })
        .await
    }

    /// Remembers several withdrawals of this server's own at once.
    pub async fn revoke_all(&self, revocations: Vec<Revocation>) -> Result<(), StoreError> {
        self.write("revoke tokens", revocations, |connection, revocations| {
            Box::pin(async move {
                for revocation in revocations {
                    add(connection, revocation).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Which of these tokens are withdrawn.
    pub async fn revoked_of(&self, tokens: Vec<TokenRef>) -> Result<Vec<TokenRef>, StoreError> {
        self.read(tokens, |connection, tokens| {
            Box::pin(async move {
                let mut revoked = Vec::new();
                for token in tokens {
                    if is_revoked(connection, token).await? {
                        revoked.push(token.clone());
                    }
                }
                Ok(revoked)
            })
        })
        .await
    }
}

pub(super) async fn is_revoked(connection: &mut AnyConnection, token: &TokenRef) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM revocations WHERE iss = $1 AND jti = $2")
        .bind(token.iss.as_str())
        .bind(token.jti.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
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
