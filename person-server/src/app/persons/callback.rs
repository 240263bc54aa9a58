//! Where the person's browser goes afterwards: "User Interaction", `callback`, and "Interaction Callback Errors".
//!
//! A callback is an agent's word in a link, so it is followed only to where the agent's provider says its agents take
//! callbacks, and to the person's own machine where the provider allows that. It is checked when it is used.

use aauth_authorizer::aauth::error::PollErrorCode as Code;
use url::{Host, Url};

use crate::app::PersonServer;
use crate::app::refusal::{Outcome, Refusal};
use crate::domain::pending::{Ended, Pending, State};

/// The longest callback URL, in bytes.
const MAX_CALLBACK: usize = 2048;

/// Where a provider's agents take callbacks.
#[derive(Debug, Clone, Default)]
pub(super) struct Callbacks {
    /// There.
    pub(super) endpoint: Option<String>,
    /// On the person's own machine.
    pub(super) localhost: bool,
}

/// Whether a callback can be one at all.
pub(super) fn is_well_formed(callback: &str) -> Outcome<()> {
    let refused = || Refusal::invalid_request("`callback` is not an http or https URL of at most 2048 bytes");
    let url = read(callback).ok_or_else(refused)?;
    matches!(url.scheme(), "https" | "http").then_some(()).ok_or_else(refused)
}

impl PersonServer {
    /// The callback of an ask, if it may be followed.
    pub(super) async fn admitted_callback(&self, pending: &Pending) -> Option<String> {
        let url = read(pending.callback.as_deref()?)?;
        let callbacks = self.callbacks_of(pending).await;
        callbacks.admit(&url).then(|| url.into())
    }

    /// Where the browser goes now, an ask having been decided or ended.
    pub async fn way_back(&self, pending: &Pending) -> Option<String> {
        let mut url = Url::parse(&self.admitted_callback(pending).await?).ok()?;
        match &pending.state {
            // Not decided, or no longer known how.
            State::Waiting(_) | State::Gone { .. } => return None,
            State::Approved(_) | State::Federating(_) => {}
            State::Ended(ended) => {
                if let Some(error) = error(ended) {
                    url.query_pairs_mut().append_pair("error", error);
                }
            }
        }
        Some(url.into())
    }

    async fn callbacks_of(&self, pending: &Pending) -> Callbacks {
        let provider = self.provider_of(pending);
        if *provider == self.settings.issuer {
            // As our own metadata says.
            return Callbacks { endpoint: None, localhost: true };
        }
        match self.documents.agent_provider(provider).await {
            Ok(document) => Callbacks {
                endpoint: document.callback_endpoint.clone(),
                localhost: document.localhost_callback_allowed,
            },
            Err(_) => Callbacks::default(),
        }
    }
}

impl Callbacks {
    /// Whether a callback may be followed. What the agent appends as a query is its own business.
    fn admit(&self, callback: &Url) -> bool {
        let endpoint = self.endpoint.as_deref().and_then(read);
        let same = |endpoint: &Url| {
            endpoint.origin() == callback.origin()
                && endpoint.path() == callback.path()
                && (endpoint.query().is_none() || endpoint.query() == callback.query())
        };
        endpoint.as_ref().is_some_and(same) || (self.localhost && is_this_machine(callback))
    }
}

fn is_this_machine(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && loopback
}

/// A URL without what only serves to mislead.
fn read(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_CALLBACK)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain.then_some(url)
}

/// The callback's error for an end. None for an end that was told to the agent as done.
fn error(ended: &Ended) -> Option<&'static str> {
    if ended.status < 400 {
        return None;
    }
    let errors =
        [(Code::Denied, "access_denied"), (Code::Abandoned, "user_abandoned"), (Code::Expired, "interaction_expired")];
    let known = errors.into_iter().find(|(code, _)| code.code() == ended.error);
    Some(known.map_or("server_error", |(_, error)| error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(endpoint: Option<&str>, localhost: bool, callback: &str) -> bool {
        let callbacks = Callbacks { endpoint: endpoint.map(str::to_owned), localhost };
        read(callback).is_some_and(|url| callbacks.admit(&url))
    }

    #[test]
    fn the_providers_endpoint_is_followed_and_nothing_beside_it() {
        let endpoint = Some("https://ap.example/callback");
        for good in ["https://ap.example/callback", "https://ap.example:443/callback?state=1"] {
            assert!(admits(endpoint, false, good), "{good}");
        }
        for bad in [
            "https://ap.example/callback/",
            "https://ap.example/callback/../other",
            "http://ap.example/callback",
            "https://ap.example:8443/callback",
            "https://ap.example.evil.example/callback",
            "https://ap.example@evil.example/callback",
            "https://evil.example\\@ap.example/callback",
            "https://user@ap.example/callback",
            "https://ap.example/callback#fragment",
            "//ap.example/callback",
            "/callback",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!admits(endpoint, true, bad), "{bad}");
        }
    }

    #[test]
    fn the_persons_own_machine_only_where_the_provider_allows_it() {
        for own in ["http://127.0.0.1:8765/done", "http://[::1]:1/", "http://localhost:80/x?y=z"] {
            assert!(admits(None, true, own), "{own}");
            assert!(!admits(None, false, own), "{own}");
        }
        for other in [
            "https://localhost/done",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://192.168.0.1/",
            "http://0.0.0.0/",
            "ftp://127.0.0.1/",
        ] {
            assert!(!admits(None, true, other), "{other}");
        }
    }

    #[test]
    fn an_end_is_told_by_the_callbacks_own_words() {
        let told = |status, code: &str| error(&Ended::new(status, code, "", 0));
        assert_eq!(told(403, "denied"), Some("access_denied"));
        assert_eq!(told(403, "abandoned"), Some("user_abandoned"));
        assert_eq!(told(408, "expired"), Some("interaction_expired"));
        assert_eq!(told(502, "as_unreachable"), Some("server_error"));
        assert_eq!(told(200, ""), None);
    }
}
