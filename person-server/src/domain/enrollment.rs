//! Agents of our own provider: the keys they keep, what they call themselves, and the names of their sub-agents.
//!
//! Implements "Agent Identifiers" and "Sub-Agent Identity" of draft-hardt-oauth-aauth-protocol-11. How an agent comes to
//! be enrolled the draft leaves to the provider: here a key that stays is approved by the person, and vouches for the
//! keys that tokens are bound to.

use aauth_authorizer::aauth::identifier::{AgentId, IdentifierRules, InvalidIdentifier, ServerId};
use aauth_authorizer::clock::Seconds;

use super::agent::AgentKey;

/// The longest name an agent may give itself, in characters.
pub const MAX_NAME: usize = 256;
/// The longest discriminator of a sub-agent, in characters.
pub const MAX_DISCRIMINATOR: usize = 64;

/// A key that an agent keeps where it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The key's thumbprint.
    pub stable: String,
    /// The agent it stands for.
    pub agent: AgentKey,
    /// What it called itself.
    pub name: String,
    /// Where it runs, by its own account.
    pub platform: Option<String>,
    /// On what, by its own account.
    pub device: Option<String>,
    /// Since when it stands for the agent.
    pub enrolled_at: Seconds,
    /// When it last got an agent token.
    pub refreshed_at: Seconds,
    /// When the person ended it, the agent staying theirs.
    pub revoked_at: Option<Seconds>,
}

/// What an agent calls itself, trimmed. `None` where that is empty, too long, or not to be shown on one line.
pub fn agent_name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// The identifier of a new agent. Its local part tells nothing about the agent or its person: resources see it.
pub fn agent_id(provider: &ServerId, random: &str, rules: IdentifierRules) -> Result<AgentId, InvalidIdentifier> {
    AgentId::parse_under(&format!("aauth:{random}@{}", provider.host()), rules)
}

/// The identifier of a sub-agent: its parent's local part, `+`, and the discriminator. `None` where that is no
/// discriminator, or the parent is a sub-agent by its name.
pub fn subagent_id(parent: &AgentId, discriminator: &str, rules: IdentifierRules) -> Option<AgentId> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !(1..=MAX_DISCRIMINATOR).contains(&discriminator.len()) || !discriminator.chars().all(legal) {
        return None;
    }
    let (local, domain) = parent.as_str().split_once('@')?;
    if local.contains('+') {
        return None;
    }
    AgentId::parse_under(&format!("{local}+{discriminator}@{domain}"), rules).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: IdentifierRules = IdentifierRules::Strict;

    #[test]
    fn a_name_fits_on_a_line() {
        assert_eq!(agent_name("  Research assistant ").as_deref(), Some("Research assistant"));
        assert_eq!(agent_name(&"ä".repeat(256)).map(|name| name.chars().count()), Some(256));
        for wrong in ["", "   ", "a\nb", "a\u{7}", &"a".repeat(257)] {
            assert_eq!(agent_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_sub_agent_is_called_after_its_parent() {
        let parent = AgentId::parse("aauth:planner.7f3c@vendor.example").unwrap();
        let named = |name: &str| subagent_id(&parent, name, STRICT).map(|id| id.as_str().to_owned());
        assert_eq!(named("search1").as_deref(), Some("aauth:planner.7f3c+search1@vendor.example"));
        for wrong in ["", "a+b", "a@b", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(named(wrong), None, "{wrong:?}");
        }
        let child = AgentId::parse("aauth:planner+search1@vendor.example").unwrap();
        assert_eq!(subagent_id(&child, "deeper", STRICT), None);
        let long = AgentId::parse(&format!("aauth:{}@vendor.example", "p".repeat(250))).unwrap();
        assert_eq!(subagent_id(&long, "search1", STRICT), None);
    }

    #[test]
    fn an_agent_is_of_the_providers_host() {
        let provider = ServerId::parse("https://ps.example").unwrap();
        assert_eq!(agent_id(&provider, "7f3c", STRICT).unwrap().as_str(), "aauth:7f3c@ps.example");
    }
}
