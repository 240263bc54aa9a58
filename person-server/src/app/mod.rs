//! What the person server does, request by request. Each file is one use case, or one step that several share.
//!
//! HTTP is `routes`'s and SQL is `store`'s: here a request is a signed message, and an answer is a value.
//!
//! | file | what it does |
//! |---|---|
//! | `authenticate` | who signed |
//! | `parameter_token` | tokens that come as parameters |
//! | `whose` | which person, which sub-agent, which upstream |
//! | `resource_ask` | what a resource asks for |
//! | `weigh` | granted, refused, or put before the person |
//! | `settle` | from an ask to an answer |
//! | `identify`, `authorize` | the two token endpoints |
//! | `mint`, `record` | a token, and what is kept of it |
//! | `revocation` | tokens withdrawn, by their issuers or by the person |
//! | `federation` | what a resource's access server grants |
//! | `provider` | agents of our own: enrolled, given agent tokens, ended |
//! | `missions` | missions, permissions, audits, interactions |
//! | `pend`, `poll`, `clarify`, `decide` | an ask that waits |
//! | `persons` | the person at their API: how they log in, what they see, what they end |

pub mod answer;
mod asked;
mod authenticate;
mod authorize;
mod bell;
mod clarify;
mod code;
mod decide;
mod federation;
mod fulfil;
mod hints;
mod identify;
pub mod identity;
mod inbound;
pub mod keys;
mod known;
mod limiter;
mod mint;
mod missions;
mod parameter_token;
mod pend;
pub mod persons;
mod poll;
mod provider;
mod random;
mod reach;
mod record;
mod refusal;
mod resource_ask;
mod revocation;
mod settle;
mod weigh;
mod whose;

use std::time::Duration;

use aauth_authorizer::clock::SharedClock;
use aauth_authorizer::discovery::{Documents, Issuers, Outgoing};
use aauth_authorizer::policy::Status;
use aauth_authorizer::replay::ReplayCache;

use crate::config::Settings;
use crate::domain::directed::SubjectKey;
use crate::governance::Governance;
use crate::store::Store;

use asked::Asked;
use federation::Turns;
use known::KnownAgents;
use reach::Presence;

pub use crate::store::{AuditEntry, AuditQuery};
pub use answer::{Answer, PendingPath, PendingView, Reply};
pub use bell::{Bell, Listener, Ring};
pub use inbound::{Inbound, MAX_BODY};
pub use keys::Keys;
pub use limiter::Limiter;
pub use provider::Source;
pub use refusal::{Outcome, Refusal};
pub use revocation::{Informed, Notifier, Revoked};

/// Signed requests that are remembered so as not to be written down twice.
const REMEMBERED: u64 = 100_000;

/// What a person server is made of.
#[derive(Debug)]
pub struct Parts {
    /// What it is told to be.
    pub settings: Settings,
    /// What it signs with.
    pub keys: Keys,
    /// What it derives directed identifiers with.
    pub subjects: SubjectKey,
    /// What it remembers.
    pub store: Store,
    /// The keys of others.
    pub issuers: Issuers,
    /// What others publish of themselves.
    pub documents: Documents,
    /// What is asked of others in this server's name.
    pub outgoing: Outgoing,
    /// What decides without asking.
    pub governance: Governance,
    /// The time.
    pub clock: SharedClock,
}

/// The person server.
#[derive(Debug)]
pub struct PersonServer {
    settings: Settings,
    keys: Keys,
    subjects: SubjectKey,
    store: Store,
    issuers: Issuers,
    documents: Documents,
    outgoing: Outgoing,
    governance: Governance,
    clock: SharedClock,
    bell: Bell,
    known: KnownAgents,
    presence: Presence,
    resources_asked: Asked,
    new_resources: Limiter,
    polls: Limiter,
    arrivals: Limiter,
    revocations: Limiter,
    notifier: Notifier,
    turns: Turns,
    strangers: Limiter,
    mission_misses: Limiter,
    audits: Limiter,
    replays: ReplayCache,
    desk: persons::Desk,
}

impl PersonServer {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, keys, subjects, store, issuers, documents, outgoing, governance, clock } = parts;
        let calls = (documents.clone(), outgoing.clone());
        let notifier = Notifier::new(settings.issuer.clone(), keys.clone(), store.clone(), calls, clock.clone());
        Self {
            known: KnownAgents::new(),
            presence: Presence::new(),
            bell: Bell::new(),
            resources_asked: Asked::new(),
            new_resources: Limiter::new(settings.limits.resources_per_hour, Duration::from_hours(1)),
            polls: Limiter::new(10, Duration::from_secs(5)),
            arrivals: Limiter::new(20, Duration::from_mins(1)),
            revocations: Limiter::new(300, Duration::from_mins(1)),
            notifier,
            turns: Turns::new(),
            strangers: Limiter::new(settings.limits.enrollments_per_minute, Duration::from_mins(1)),
            mission_misses: Limiter::new(30, Duration::from_mins(1)),
            audits: Limiter::new(600, Duration::from_mins(1)),
            replays: ReplayCache::new(REMEMBERED, settings.signature_window),
            desk: persons::Desk::new(),
            settings,
            keys,
            subjects,
            store,
            issuers,
            documents,
            outgoing,
            governance,
            clock,
        }
    }

    /// What it is told to be.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What it signs with and publishes.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whether the store can be reached.
    pub async fn store_answers(&self) -> bool {
        self.store.ping().await.is_ok()
    }

    /// The policies in force.
    pub fn policies(&self) -> Status {
        self.governance.status()
    }

    /// What rings when something happened.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// What tells others of withdrawn tokens. Whoever serves runs it.
    pub fn notifier(&self) -> &Notifier {
        &self.notifier
    }
}
