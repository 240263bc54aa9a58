//! What governance is asked: an ask, put in facts. Words of the agent's own are left out on purpose, as "Consent
//! Presentation" has no decision rest on them.

use std::collections::{BTreeMap, BTreeSet};

use aauth_authorizer::clock::Seconds;
use serde_json::Value;

use crate::domain::agent::AgentKey;
use crate::domain::ask::{Ask, MissionAsk, PermitAsk, RelayAsk, SubAgent};

/// A question for the policies.
#[derive(Debug, Clone)]
pub struct GovernanceQuestion {
    /// Who asks.
    pub asker: Asker,
    /// What for.
    pub what: What,
    /// Whose agent it is.
    pub person: Whose,
    /// What the person agreed to before.
    pub known: Known,
    /// The mission it is asked on: an active one, which the person approved.
    pub mission: Option<Approved>,
    /// The agent's `prompt`.
    pub prompt: BTreeSet<String>,
    /// Whether the agent is a resource that acts on another agent's call: "Call Chaining".
    pub chained: bool,
    /// When.
    pub now: Seconds,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// An agent.
    Agent {
        /// Its identifier.
        id: String,
        /// Its provider.
        provider: String,
        /// The agent that made it, which signs for it.
        parent: Option<String>,
    },
    /// A key that is to become an agent's, by its thumbprint.
    Key(String),
}

/// What is asked for. One variant an action of the schema, `relay` and `payment` apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// To become an agent of the person.
    Enroll,
    /// A person token.
    Identify {
        /// For this resource.
        resource: String,
    },
    /// An auth token.
    Authorize {
        /// For this resource.
        resource: String,
        /// With these scopes.
        scopes: BTreeSet<String>,
        /// For this account.
        account: Option<String>,
    },
    /// To do something that no resource governs.
    Permit {
        /// What.
        tool: String,
        /// With what, by name.
        parameters: BTreeMap<String, String>,
    },
    /// A mission to be approved.
    Mission {
        /// For these resources.
        resources: BTreeSet<String>,
        /// With these tools.
        tools: BTreeSet<String>,
    },
    /// A change of the mission with this digest.
    Update(String),
    /// The mission with this digest to be accepted as done.
    Complete(String),
    /// The person to go somewhere.
    Relay {
        /// To pay.
        payment: bool,
        /// The origin of the address, if it has a plain one.
        origin: Option<String>,
    },
    /// A question to be answered.
    Question,
}

/// Whose agent it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// Their key in this server's records.
    pub key: String,
    /// Their organization.
    pub tenant: Option<String>,
}

/// What the person agreed to before. Its default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether the agent is bound to the person.
    pub agent: bool,
    /// Whether the person has used the resource before.
    pub resource: bool,
    /// Whether an earlier yes to this agent, at this resource and account, covers everything that is asked.
    pub consented: bool,
    /// The scopes that earlier yeses to this agent, at this resource and account, cover.
    pub scopes: BTreeSet<String>,
}

/// What an approved mission says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The mission's digest.
    pub s256: String,
    /// `approved_resources`.
    pub resources: BTreeSet<String>,
    /// The names of `approved_tools`.
    pub tools: BTreeSet<String>,
    /// `expires_at`.
    pub expires_at: Option<Seconds>,
}

impl Asker {
    /// The asker of an ask: the sub-agent where the agent asks for one, and for enrolment the key that stays.
    pub fn of(ask: &Ask, agent: Option<&AgentKey>) -> Option<Self> {
        if let Ask::Enroll(enroll) = ask {
            return Some(Self::Key(enroll.stable.clone()));
        }
        let AgentKey { iss, sub } = agent?;
        let agent = |id: &str, parent| Self::Agent { id: id.to_owned(), provider: iss.as_str().to_owned(), parent };
        Some(match subagent(ask) {
            Some(made) => agent(made.id.as_str(), Some(sub.as_str().to_owned())),
            None => agent(sub.as_str(), None),
        })
    }
}

fn subagent(ask: &Ask) -> Option<&SubAgent> {
    match ask {
        Ask::Identify(ask) => ask.subagent.as_ref(),
        Ask::Authorize(ask) => ask.subagent.as_ref(),
        Ask::Enroll(_)
        | Ask::Mission(_)
        | Ask::Update(_)
        | Ask::Complete(_)
        | Ask::Permit(_)
        | Ask::Relay(_)
        | Ask::Question(_) => None,
    }
}

impl What {
    /// What an ask is for.
    pub fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Enroll(_) => Self::Enroll,
            Ask::Identify(ask) => Self::Identify { resource: ask.resource.as_str().to_owned() },
            Ask::Authorize(ask) => Self::Authorize {
                resource: ask.resource.as_str().to_owned(),
                scopes: ask.scopes.iter().cloned().collect(),
                account: ask.account.clone(),
            },
            Ask::Permit(PermitAsk { action, parameters, .. }) => {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let parameters = parameters.iter().flatten().map(|(name, value)| (name.clone(), plain(value)));
                Self::Permit { tool: action.clone(), parameters: parameters.collect() }
            }
            Ask::Mission(MissionAsk { tools, resources, .. }) => Self::Mission {
                resources: resources.iter().cloned().collect(),
                tools: tools.iter().map(|tool| tool.name.clone()).collect(),
            },
            Ask::Update(ask) => Self::Update(ask.mission.clone()),
            Ask::Complete(ask) => Self::Complete(ask.mission.clone()),
            Ask::Relay(RelayAsk { payment, url, .. }) => Self::Relay { payment: *payment, origin: origin(url) },
            Ask::Question(_) => Self::Question,
        }
    }
}

/// The origin of an address. One that two programs could read in two ways has none, so that no permit names it.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let is_plain = matches!(scheme, "https" | "http") && !authority.is_empty() && authority.chars().all(plain);
    is_plain.then(|| format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

/// The agent's `prompt`, of the asks that have one.
pub fn prompt(ask: &Ask) -> BTreeSet<String> {
    let hints = match ask {
        Ask::Enroll(ask) => &ask.hints,
        Ask::Identify(ask) => &ask.hints,
        Ask::Authorize(ask) => &ask.hints,
        Ask::Mission(ask) => &ask.hints,
        Ask::Update(_) | Ask::Complete(_) | Ask::Permit(_) | Ask::Relay(_) | Ask::Question(_) => {
            return BTreeSet::new();
        }
    };
    hints.prompt.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use aauth_authorizer::aauth::identifier::{AgentId, ServerId};
    use aauth_authorizer::aauth::key::PublicKey;
    use serde_json::json;

    use super::*;
    use crate::domain::ask::{Hints, IdentifyAsk};

    fn agent(id: &str) -> AgentId {
        AgentId::parse(id).unwrap()
    }

    fn identify(subagent: Option<SubAgent>) -> Ask {
        let hints = Hints { prompt: vec!["login".to_owned()], ..Hints::default() };
        let resource = ServerId::parse("https://orders.example").unwrap();
        Ask::Identify(IdentifyAsk { resource, mission: None, subagent, upstream: None, hints })
    }

    #[test]
    fn an_ask_is_put_in_facts() {
        let provider = ServerId::parse("https://agents.example").unwrap();
        let robot = AgentKey { iss: provider, sub: agent("aauth:robot@agents.example") };
        let asker = |id: &str, parent: Option<&str>| Asker::Agent {
            id: id.to_owned(),
            provider: "https://agents.example".to_owned(),
            parent: parent.map(str::to_owned),
        };
        assert_eq!(Asker::of(&identify(None), Some(&robot)), Some(asker("aauth:robot@agents.example", None)));
        assert_eq!(Asker::of(&identify(None), None), None);
        assert_eq!(What::of(&identify(None)), What::Identify { resource: "https://orders.example".to_owned() });
        assert_eq!(prompt(&identify(None)), BTreeSet::from(["login".to_owned()]));

        // The one who is to hold the token is asked about, not the one who signs for it.
        let key = json!({ "kty": "OKP", "alg": "Ed25519", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let key = PublicKey::from_jwk(key.as_object().unwrap()).unwrap();
        let made = SubAgent { id: agent("aauth:made@agents.example"), key, jti: "j".to_owned(), exp: 1 };
        let expected = asker("aauth:made@agents.example", Some("aauth:robot@agents.example"));
        assert_eq!(Asker::of(&identify(Some(made)), Some(&robot)), Some(expected));

        let parameters = json!({ "to": "bob", "copies": 2 }).as_object().cloned();
        let send =
            Ask::Permit(PermitAsk { action: "SendEmail".to_owned(), description: None, parameters, mission: None });
        let parameters = [("to", "bob"), ("copies", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            What::of(&send),
            What::Permit { tool: "SendEmail".to_owned(), parameters: BTreeMap::from(parameters) }
        );
    }

    #[test]
    fn an_address_has_an_origin_only_if_everybody_reads_the_same() {
        assert_eq!(origin("https://Shop.example/pay?x=1").as_deref(), Some("https://shop.example"));
        assert_eq!(origin("https://shop.example:8443").as_deref(), Some("https://shop.example:8443"));
        for url in [
            "https://shop.example@evil.example/",
            r"https://evil.example\.shop.example/",
            "https:///shop.example",
            "javascript://shop.example",
            "https://shop.example%2eevil.example",
            "shop.example",
        ] {
            assert_eq!(origin(url), None, "{url}");
        }
    }
}
