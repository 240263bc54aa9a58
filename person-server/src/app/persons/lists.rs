//! What the person agreed to, what was issued in their name, what happened, and what they prefer.

use super::enter::Caller;
use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::audit::AuditEvent;
use crate::domain::consent::Consent;
use crate::domain::issued::Issued;
use crate::domain::mission::Mission;
use crate::domain::person::Person;
use crate::domain::settings::{MAX_REMEMBER_DAYS, Settings};
use crate::store::{After, AuditEntry, AuditQuery, Page};

/// The row that a page goes on after.
pub type Cursor = After;

impl PersonServer {
    /// Who the caller is.
    pub async fn me(&self, caller: &Caller) -> Outcome<Person> {
        self.store.person(&caller.person).await?.ok_or_else(Refusal::not_found)
    }

    /// What the caller agreed to, the latest first.
    pub async fn consents(&self, caller: &Caller, after: Option<Cursor>, limit: u32) -> Outcome<Vec<Consent>> {
        Ok(self.store.consents_page(&caller.person, Page { after, limit }).await?)
    }

    /// What was issued in the caller's name, the latest first.
    pub async fn issued(&self, caller: &Caller, after: Option<Cursor>, limit: u32) -> Outcome<Vec<Issued>> {
        Ok(self.store.issued_page(&caller.person, Page { after, limit }).await?)
    }

    /// The caller's missions, the latest approved first, each as it stands now.
    pub async fn missions(&self, caller: &Caller, after: Option<Cursor>, limit: u32) -> Outcome<Vec<Mission>> {
        let missions = self.store.missions_page(&caller.person, Page { after, limit }).await?;
        let now = self.clock.now();
        Ok(missions.into_iter().map(|mission| Mission { state: mission.state_at(now), ..mission }).collect())
    }

    /// What happened, the latest first.
    pub async fn events(&self, caller: &Caller, query: AuditQuery) -> Outcome<Vec<AuditEntry>> {
        Ok(self.store.events_of(&caller.person, query).await?)
    }

    /// What the caller prefers.
    pub async fn preferences(&self, caller: &Caller) -> Outcome<Settings> {
        Ok(self.store.settings(&caller.person).await?)
    }

    /// What the caller prefers from now on.
    pub async fn prefer(&self, caller: &Caller, settings: Settings) -> Outcome<Settings> {
        if settings.remember_days.is_some_and(|days| days == 0 || days > MAX_REMEMBER_DAYS) {
            let detail = format!("`remember_days` is not between 1 and {MAX_REMEMBER_DAYS}");
            return Err(Refusal::invalid_request(detail));
        }
        self.store.keep_settings(&caller.person, settings).await?;
        let event = AuditEvent::new(self.clock.now(), Some(caller.person.clone()), "settings.changed");
        self.store.note(event).await?;
        Ok(settings)
    }
}
