//! What other servers say of themselves, for the person who has to decide about them.
//!
//! "Person Token Endpoint": a resource's name, description and access mode are shown when the person has not used it.
//! They are its own claims, fetched under the egress rules; one that cannot be had is left out, and delays nobody long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::metadata::About as Presentation;
use aauth_authorizer::discovery::Documents;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::app::PersonServer;

/// How long all documents together are waited for.
const WITHIN: Duration = Duration::from_secs(2);
/// Documents that one list of approvals fetches.
const MOST: usize = 32;

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: Option<String>,
    /// What it is, in Markdown of its own.
    pub description: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// The credentials it takes. Of resources.
    pub access_mode: Option<String>,
    /// What its scopes mean, in Markdown of its own. Of resources.
    pub scopes: BTreeMap<String, String>,
}

/// A server to be described, by its part in an ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    /// A resource.
    Resource(ServerId),
    /// An agent provider.
    Provider(ServerId),
}

/// What was said, by whom.
pub(super) type Descriptions = BTreeMap<Server, About>;

impl PersonServer {
    /// What these servers say of themselves, as far as it is known soon.
    pub(super) async fn described(&self, servers: BTreeSet<Server>) -> Descriptions {
        let mut fetches = JoinSet::new();
        for server in servers.into_iter().take(MOST) {
            let documents = self.documents.clone();
            fetches.spawn(async move {
                let about = describe(&documents, &server).await;
                (server, about)
            });
        }
        let until = Instant::now() + WITHIN;
        let mut found = Descriptions::new();
        while let Ok(Some(fetched)) = timeout_at(until, fetches.join_next()).await {
            if let Ok((server, Some(about))) = fetched {
                found.insert(server, about);
            }
        }
        found
    }
}

async fn describe(documents: &Documents, server: &Server) -> Option<About> {
    match server {
        Server::Resource(id) => {
            let document = documents.resource(id).await.ok()?;
            let about = About {
                access_mode: document.access_mode.clone(),
                scopes: document.scope_descriptions.clone(),
                ..of(&document.about)
            };
            Some(about)
        }
        Server::Provider(id) => Some(of(&documents.agent_provider(id).await.ok()?.about)),
    }
}

fn of(about: &Presentation) -> About {
    About {
        name: about.name.clone(),
        description: about.description.clone(),
        logo_uri: about.logo_uri.clone(),
        ..About::default()
    }
}
