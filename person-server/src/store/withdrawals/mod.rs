//! Withdrawals: what is over, what is over with it, and who has to be told. "Revocation Cascade".
//!
//! One transaction records a withdrawal whole: the token, every token it reaches, the asks that end with them, and a
//! notice for everybody who has to know. So it is recorded before anybody is called, a crash loses none of it, and a
//! token that is being issued meanwhile is either stopped by it or found by it.

mod reach;

use aauth_authorizer::aauth::error::PollErrorCode as Code;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use sqlx::AnyConnection;

use super::error::StoreError;
use super::rows::Cells;
use super::{Store, agents, audit, consents, issued, notices, pendings, presented, provider, revocations};
use crate::domain::audit::AuditEvent;
use crate::domain::issued::{Issued, IssuedKind, Revocation, SKEW};
use crate::domain::pending::{self, Ended};
use crate::domain::person::PersonKey;
use crate::domain::stored::RULES;
use crate::domain::withdrawal::{Asker, Cause, Withdrawal, Withdrawn, recipients};
use crate::store::Touching;

use self::reach::Reached;

const TABLE: &str = "withdrawals";

/// How long a withdrawal can be asked about, at least, in seconds.
const ASKED_ABOUT: Seconds = 3600;

/// A withdrawal to be recorded.
#[derive(Debug, Clone)]
pub struct Withdraw {
    /// Its unguessable name, should it be new.
    pub id: String,
    /// Why.
    pub cause: Cause,
    /// This server, which issued the person tokens.
    pub issuer: ServerId,
    /// When.
    pub now: Seconds,
}

impl Store {
    /// Records a withdrawal and everything that follows from it.
    pub async fn withdraw(&self, withdraw: Withdraw) -> Result<Withdrawn, StoreError> {
        self.write("withdraw", withdraw, |connection, withdraw| Box::pin(withdraw_all(connection, withdraw))).await
    }

    /// A withdrawal by its name. Whether the caller may see it is the caller's to decide.
    pub async fn withdrawal(&self, id: &str) -> Result<Option<Withdrawal>, StoreError> {
        self.read(id.to_owned(), |connection, id| {
            Box::pin(async move {
                let row = sqlx::query("SELECT * FROM withdrawals WHERE id = $1")
                    .bind(id.as_str())
                    .fetch_optional(connection)
                    .await?;
                row.map(|row| read(Cells::of(TABLE, "id", &row))).transpose()
            })
        })
        .await
    }
}

async fn withdraw_all(connection: &mut AnyConnection, withdraw: &Withdraw) -> Result<Withdrawn, StoreError> {
    let Withdraw { id, cause, issuer, now } = withdraw;
    if let Cause::Told { revocation, limit } = cause {
        if let Some(id) = find(connection, &cause.asker(), &revocation.token.jti).await? {
            notices::tell_again(connection, &id, *now).await?;
            return Ok(Withdrawn::Before { id });
        }
        if revocations::has_more_than(connection, &revocation.token, *limit).await? {
            return Ok(Withdrawn::TooMany);
        }
    }
    let Some(start) = begin(connection, cause, *now).await? else { return Ok(Withdrawn::NotTheirs) };
    let Start { tokens, mut ends, event } = start;
    let tokens = Reached::from(connection, tokens, issuer, *now).await?.into_tokens();
    add(connection, withdraw, &tokens).await?;
    for issued in &tokens {
        let (token, exp) = (issued.token.clone(), issued.exp);
        ends.push((Touching::Upstream(token.clone()), "the upstream token was revoked"));
        revocations::add(connection, &Revocation { token, exp, at: *now }).await?;
        let shown_to = match issued.kind {
            IssuedKind::Person => presented::to(connection, &issued.token.jti).await?,
            IssuedKind::Auth | IssuedKind::Federated => Vec::new(),
        };
        for (recipient, role) in recipients(issued, shown_to) {
            notices::add(connection, id, (&issued.token.jti, &recipient, role), exp, *now).await?;
        }
    }
    let mut ended = Vec::new();
    for (touching, why) in &ends {
        let end = Ended::new(Code::Revoked.status(), Code::Revoked.code(), *why, *now);
        ended.extend(pendings::end_all(connection, touching, &end).await?);
    }
    if let Some(mut event) = event {
        event.detail.insert("tokens".to_owned(), tokens.len().into());
        audit::add(connection, &event).await?;
    }
    Ok(Withdrawn::Recorded { id: id.clone(), ended })
}

/// Where a withdrawal starts.
struct Start {
    /// The tokens it begins with.
    tokens: Vec<Issued>,
    /// The asks that end whatever tokens are reached.
    ends: Vec<(Touching, &'static str)>,
    /// What is noted of it.
    event: Option<AuditEvent>,
}

/// Does what the cause says, and finds where it starts. `None` where it is not the person's to ask for.
async fn begin(connection: &mut AnyConnection, cause: &Cause, now: Seconds) -> Result<Option<Start>, StoreError> {
    let event = |person: Option<&PersonKey>, kind: &str| AuditEvent::new(now, person.cloned(), kind);
    match cause {
        Cause::Told { revocation, .. } => told(connection, revocation).await.map(Some),
        Cause::Agent(person, agent) => {
            if !agents::revoke(connection, person, agent, now).await? {
                return Ok(None);
            }
            provider::withdraw_agent_tokens(connection, agent, now).await?;
            let asker = Touching::Asker(pending::Asker::Agent(agent.clone()));
            Ok(Some(Start {
                tokens: reach::held_by(connection, agent, now).await?,
                ends: vec![(asker, "the person has ended this agent's access")],
                event: Some(AuditEvent { agent: Some(agent.sub.to_string()), ..event(Some(person), "agent.ended") }),
            }))
        }
        Cause::Held(_, agent) => {
            // Whoever asked for this has noted why.
            let tokens = reach::held_by(connection, agent, now).await?;
            Ok(Some(Start { tokens, ends: Vec::new(), event: None }))
        }
        Cause::Consent(person, id) => {
            let Some(consent) = consents::revoke(connection, person, id, now).await? else { return Ok(None) };
            let mut tokens = reach::held_by(connection, &consent.agent, now).await?;
            tokens.retain(|issued| {
                let mission = consent.mission.is_none() || consent.mission == issued.mission;
                issued.resource == consent.resource && issued.upstream.is_none() && mission
            });
            let event = AuditEvent {
                agent: Some(consent.agent.sub.to_string()),
                resource: Some(consent.resource.to_string()),
                mission: consent.mission,
                ..event(Some(person), "consent.revoked")
            };
            Ok(Some(Start { tokens, ends: Vec::new(), event: Some(event) }))
        }
        Cause::Mission(_, mission) => {
            // Who ended the mission has noted it, and ended its asks.
            let tokens = reach::held_under(connection, mission, now).await?;
            Ok(Some(Start { tokens, ends: Vec::new(), event: None }))
        }
        Cause::Token(person, token) => {
            let Some(held) = issued::find(connection, token).await?.filter(|held| held.person == *person) else {
                return Ok(None);
            };
            let event = AuditEvent {
                agent: Some(held.agent.sub.to_string()),
                resource: Some(held.resource.to_string()),
                mission: held.mission.clone(),
                ..event(Some(person), "token.revoked")
            };
            Ok(Some(Start { tokens: vec![held], ends: Vec::new(), event: Some(event) }))
        }
    }
}

/// An issuer withdrew a token of its own. What it was is known from our records, and need not be.
async fn told(connection: &mut AnyConnection, revocation: &Revocation) -> Result<Start, StoreError> {
    let Revocation { token, at, .. } = revocation;
    revocations::add(connection, revocation).await?;
    let resource_token = Touching::ResourceToken(token.clone());
    let mut ends = vec![(resource_token, "the resource token was revoked by the resource")];
    let Some(agent) = issued::agent_of(connection, token).await? else {
        return Ok(Start { tokens: Vec::new(), ends, event: None });
    };
    let asker = Touching::Asker(pending::Asker::Agent(agent.clone()));
    ends.push((asker, "the agent token was revoked by the agent provider"));
    // "The cascade is by agent identity", whichever agent token it held, and its binding stays as it is.
    let person = agents::find(connection, &agent).await?.map(|binding| binding.person);
    let event =
        AuditEvent { agent: Some(agent.sub.to_string()), ..AuditEvent::new(*at, person, "agent_token.revoked") };
    Ok(Start { tokens: reach::held_by(connection, &agent, *at).await?, ends, event: Some(event) })
}

async fn add(connection: &mut AnyConnection, withdraw: &Withdraw, tokens: &[Issued]) -> Result<(), StoreError> {
    let Withdraw { id, cause, now, .. } = withdraw;
    let told = match cause {
        Cause::Told { revocation, .. } => Some(revocation),
        Cause::Agent(..) | Cause::Held(..) | Cause::Consent(..) | Cause::Mission(..) | Cause::Token(..) => None,
    };
    let ends = tokens.iter().map(|issued| issued.exp).chain(told.map(|revocation| revocation.exp));
    let exp = ends.map(|exp| exp.saturating_add(SKEW)).fold(now + ASKED_ABOUT, Seconds::max);
    sqlx::query("INSERT INTO withdrawals (id, asker, jti, tokens, at, exp) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id.as_str())
        .bind(asker_text(&cause.asker()))
        .bind(told.map(|revocation| revocation.token.jti.as_str()))
        .bind(i64::try_from(tokens.len()).unwrap_or(i64::MAX))
        .bind(*now)
        .bind(exp)
        .execute(connection)
        .await?;
    Ok(())
}

async fn find(connection: &mut AnyConnection, asker: &Asker, jti: &str) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT id FROM withdrawals WHERE asker = $1 AND jti = $2")
        .bind(asker_text(asker))
        .bind(jti)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Cells::of(TABLE, "id", &row).text("id")).transpose()
}

fn asker_text(asker: &Asker) -> String {
    match asker {
        Asker::Server(id) => format!("server {id}"),
        Asker::Person(person) => format!("person {person}"),
    }
}

fn read(cells: Cells<'_>) -> Result<Withdrawal, StoreError> {
    let asker = cells.text("asker")?;
    let asker = match asker.split_once(' ') {
        Some(("server", id)) => ServerId::parse_under(id, RULES).ok().map(Asker::Server),
        Some(("person", key)) => Some(Asker::Person(PersonKey::new(key))),
        Some(_) | None => None,
    };
    Ok(Withdrawal {
        id: cells.text("id")?,
        asker: asker.ok_or_else(|| cells.corrupt("asker"))?,
        tokens: cells.integer("tokens")?,
        at: cells.seconds("at")?,
    })
}
