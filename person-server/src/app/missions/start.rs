//! "Mission Approval": what was approved becomes a mission, with a person token for each of its resources.

use aauth_authorizer::aauth::error::PollErrorCode;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Map, Value, json};

use crate::app::answer::Reply;
use crate::app::authenticate::Signed;
use crate::app::fulfil::Granted;
use crate::app::record::recorded;
use crate::app::refusal::{Outcome, Refusal};
use crate::app::{PersonServer, random};
use crate::domain::ask::MissionAsk;
use crate::domain::audit::AuditEvent;
use crate::domain::issued::{Issued, IssuedKind, TokenRef};
use crate::domain::mission::{LogKind, Mission, NewEntry, Terms};
use crate::domain::pending::State;
use crate::domain::person::Person;
use crate::store::{MissionStart, Record};

impl PersonServer {
    /// Begins the mission.
    pub(in crate::app) async fn start_mission(
        &self,
        signed: &Signed,
        ask: &MissionAsk,
        granted: Granted,
    ) -> Outcome<Reply> {
        let now = self.clock.now();
        let person = self.store.person(&granted.person).await?.ok_or_else(Refusal::server_error)?;
        let edit = granted.approval.as_ref().and_then(|approval| approval.mission.as_ref());
        let terms = Terms::of(ask, edit, self.approved_at(&granted).await?);
        let mission = Mission::approved(&signed.key(), &person.key, terms, &random::id());
        if mission.over(now).is_some() {
            let detail = "the mission's time was up before the agent came for it";
            return Err(Refusal::problem(PollErrorCode::Expired.status(), PollErrorCode::Expired.code(), detail));
        }
        let tokens = self.tokens_for(signed, &person, &mission, &granted.how.record());
        let issued = tokens.iter().map(|(issued, _)| issued.clone()).collect();
        let start = MissionStart {
            entry: first_entry(&mission, ask, &granted.how.record(), now),
            record: Record { events: events(&mission, &tokens, &granted.how.record(), now), ..Record::default() },
            mission: mission.clone(),
            issued,
            agent_token: signed.seen(),
            collects: granted.collects.clone(),
        };
        recorded(&self.store.begin_mission(start).await?)?;
        let mut body = json!({ "s256": mission.s256, "mission": BASE64_URL_SAFE_NO_PAD.encode(&mission.blob) });
        if let Some(body) = body.as_object_mut() {
            if self.is_reachable(&person.key) {
                body.insert("capabilities".into(), json!(["interaction", "payment"]));
            }
            if !ask.resources.is_empty() {
                let named =
                    |(issued, compact): &(Issued, String)| (issued.resource.to_string(), compact.as_str().into());
                let tokens: Map<String, Value> = tokens.iter().map(named).collect();
                body.insert("person_tokens".into(), tokens.into());
            }
        }
        Ok(Reply::ok(body))
    }

    /// When the person, or a policy just now, said yes.
    async fn approved_at(&self, granted: &Granted) -> Outcome<Seconds> {
        let Some(id) = &granted.collects else { return Ok(self.clock.now()) };
        match self.store.pending(id).await?.map(|pending| pending.state) {
            Some(State::Approved(approved)) => Ok(approved.at),
            // Collected meanwhile, which recording will find.
            Some(State::Waiting(_) | State::Federating(_) | State::Ended(_) | State::Gone { .. }) | None => {
                Ok(self.clock.now())
            }
        }
    }

    /// A person token for each approved resource. One that would have ended already is left out.
    fn tokens_for(&self, signed: &Signed, person: &Person, mission: &Mission, by: &str) -> Vec<(Issued, String)> {
        let token = |resource: &ServerId| {
            let mut bounds = vec![signed.agent.common.exp];
            bounds.extend(mission.terms.expires_at);
            let s256 = mission.s256.clone();
            let minted = self.person_token(person, resource, &signed.agent.key, Some(s256.clone()), &bounds)?;
            let issued = Issued {
                kind: IssuedKind::Person,
                token: TokenRef { iss: minted.common.iss.clone(), jti: minted.common.jti.clone() },
                resource: resource.clone(),
                agent: signed.key(),
                subagent: None,
                person: person.key.clone(),
                sub: self.subjects.subject(&person.key, resource),
                scopes: Vec::new(),
                mission: Some(s256),
                root: minted.common.jti.clone(),
                upstream: None,
                decided_by: by.to_owned(),
                issued_at: minted.common.iat,
                exp: minted.common.exp,
            };
            Some((issued, minted.compact))
        };
        mission.terms.resources.iter().filter_map(token).collect()
    }
}

/// What was proposed, beside the mission that came of it: the two may differ.
fn first_entry(mission: &Mission, ask: &MissionAsk, by: &str, at: Seconds) -> NewEntry {
    let proposed = json!({ "description": ask.description, "tools": ask.tools, "resources": ask.resources });
    let detail = json!({ "by": by, "proposed": proposed });
    NewEntry::new(&mission.s256, LogKind::Approved, detail.as_object().cloned().unwrap_or_default(), at)
}

fn events(mission: &Mission, tokens: &[(Issued, String)], by: &str, at: Seconds) -> Vec<AuditEvent> {
    let event = |kind: &str| {
        let mut event = AuditEvent::new(at, Some(mission.person.clone()), kind);
        event.agent = Some(mission.agent.sub.as_str().to_owned());
        event.mission = Some(mission.s256.clone());
        event.detail.insert("decided_by".to_owned(), by.into());
        event
    };
    let issued = tokens.iter().map(|(issued, _)| {
        let mut event = event("token.issued");
        event.resource = Some(issued.resource.as_str().to_owned());
        event.detail.insert("token".to_owned(), issued.kind.name().into());
        event.detail.insert("jti".to_owned(), issued.token.jti.as_str().into());
        event
    });
    std::iter::once(event("mission.approved")).chain(issued).collect()
}
