//! What is not to be kept any longer: token records once they cannot be asked about, requests once they are over, the
//! log as long as the operator says.
//!
//! Each table's rule is a line. Rows go a few hundred at a time, each time in a transaction of its own, so that pruning
//! a large table keeps no request waiting.

use aauth_authorizer::clock::Seconds;

use super::Store;
use super::error::StoreError;
use crate::domain::issued::SKEW;

/// How long an ask that is over is remembered: its URL answers `410` for so long.
const OVER: Seconds = 3600;

/// How many rows go at a time.
const AT_A_TIME: u64 = 500;

/// How long what is optional is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// The log of what happened, consents that were revoked or ended, and missions that are over, in seconds.
    pub audit: Seconds,
}

/// How old a row has to be.
#[derive(Debug, Clone, Copy)]
enum Age {
    /// Past its time by the clocks' difference.
    Skew,
    /// Past its time by an hour.
    Over,
    /// As the operator says.
    Audit,
}

/// What of which table. `$1` is the time before which a row is too old, `$2` how many go.
const RULES: &[(&str, Age, &str)] = &[
    (
        "prune issued",
        Age::Skew,
        "DELETE FROM issued WHERE (iss, jti) IN (SELECT iss, jti FROM issued WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune seen_agent_tokens",
        Age::Skew,
        "DELETE FROM seen_agent_tokens
         WHERE (iss, jti) IN (SELECT iss, jti FROM seen_agent_tokens WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune revocations",
        Age::Skew,
        "DELETE FROM revocations WHERE (iss, jti) IN (SELECT iss, jti FROM revocations WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune presented",
        Age::Skew,
        "DELETE FROM presented WHERE (jti, server) IN (SELECT jti, server FROM presented WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune notices",
        Age::Skew,
        "DELETE FROM notices WHERE (jti, recipient, role) IN
             (SELECT jti, recipient, role FROM notices WHERE exp < $1 LIMIT $2)",
    ),
    // With them goes which notices they waited for.
    (
        "prune withdrawals",
        Age::Skew,
        "DELETE FROM withdrawals WHERE id IN (SELECT id FROM withdrawals WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune subagents",
        Age::Skew,
        "DELETE FROM subagents WHERE (iss, sub) IN (SELECT iss, sub FROM subagents WHERE exp < $1 LIMIT $2)",
    ),
    (
        "prune pendings",
        Age::Over,
        "DELETE FROM pendings
         WHERE id IN (SELECT id FROM pendings WHERE ended_at < $1 OR expires_at < $1 LIMIT $2)",
    ),
    (
        "prune consents",
        Age::Audit,
        "DELETE FROM consents
         WHERE id IN (SELECT id FROM consents WHERE revoked_at < $1 OR expires_at < $1 LIMIT $2)",
    ),
    (
        "prune mission_log",
        Age::Audit,
        "DELETE FROM mission_log
         WHERE (mission, number) IN (SELECT mission, number FROM mission_log JOIN missions ON missions.s256 = mission
                                     WHERE ended_at < $1 LIMIT $2)",
    ),
    (
        "prune missions",
        Age::Audit,
        "DELETE FROM missions WHERE s256 IN (SELECT s256 FROM missions WHERE ended_at < $1 LIMIT $2)",
    ),
    ("prune audit", Age::Audit, "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)"),
];

impl Store {
    /// Deletes what need not be kept, and says how much that was. To be called now and then.
    pub async fn prune(&self, retention: Retention, now: Seconds) -> Result<u64, StoreError> {
        let mut pruned = 0;
        for &(name, age, sql) in RULES {
            let before = now.saturating_sub(match age {
                Age::Skew => SKEW,
                Age::Over => OVER,
                Age::Audit => retention.audit,
            });
            loop {
                let gone = self.delete_some(name, sql, before).await?;
                pruned += gone;
                if gone < AT_A_TIME {
                    break;
                }
            }
        }
        Ok(pruned)
    }

    async fn delete_some(&self, name: &'static str, sql: &'static str, before: Seconds) -> Result<u64, StoreError> {
        self.write(name, (sql, before), |connection, (sql, before)| {
            Box::pin(async move {
                let limit = i64::try_from(AT_A_TIME).unwrap_or(i64::MAX);
                Ok(sqlx::query(*sql).bind(*before).bind(limit).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}
