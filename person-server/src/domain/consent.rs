//! A yes that is remembered: to one agent, at one resource, for so much and so long.

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;

use super::agent::AgentKey;
use super::person::PersonKey;

/// A remembered yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: String,
    /// Whose.
    pub person: PersonKey,
    /// To which agent.
    pub agent: AgentKey,
    /// At which resource.
    pub resource: ServerId,
    /// For which account there.
    pub account: Option<String>,
    /// On which mission alone.
    pub mission: Option<String>,
    /// To what, sorted; nothing beyond being known as the person's agent where empty.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: Seconds,
    /// Until when.
    pub expires_at: Option<Seconds>,
    /// When the person took it back.
    pub revoked_at: Option<Seconds>,
}

/// What a consent is looked at for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The scopes asked for.
    pub scopes: &'a [String],
    /// The account.
    pub account: Option<&'a str>,
    /// The mission.
    pub mission: Option<&'a str>,
}

impl Consent {
    /// Whether it counts now.
    pub fn is_active(&self, now: Seconds) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it says yes to all that is wanted. A consent for one account or one mission says nothing of another.
    pub fn covers(&self, wanted: Wanted<'_>, now: Seconds) -> bool {
        let mission = self.mission.is_none() || self.mission.as_deref() == wanted.mission;
        let account = wanted.scopes.is_empty() || self.account.as_deref() == wanted.account;
        let scopes = wanted.scopes.iter().all(|scope| self.scopes.contains(scope));
        self.is_active(now) && mission && account && scopes
    }
}

#[cfg(test)]
mod tests {
    use aauth_authorizer::aauth::identifier::AgentId;

    use super::*;

    fn consent(scopes: &[&str]) -> Consent {
        Consent {
            id: "c1".into(),
            person: PersonKey::new("ada"),
            agent: AgentKey {
                iss: ServerId::parse("https://ap.example").unwrap(),
                sub: AgentId::parse("aauth:a@ap.example").unwrap(),
            },
            resource: ServerId::parse("https://r.example").unwrap(),
            account: None,
            mission: None,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            created_at: 0,
            expires_at: Some(100),
            revoked_at: None,
        }
    }

    fn wanted(scopes: &[String]) -> Wanted<'_> {
        Wanted { scopes, account: None, mission: None }
    }

    #[test]
    fn a_wider_scope_is_not_covered() {
        let (read, write) = ("read".to_owned(), "write".to_owned());
        assert!(consent(&["read"]).covers(wanted(std::slice::from_ref(&read)), 1));
        assert!(!consent(&["read"]).covers(wanted(&[read, write]), 1));
        assert!(consent(&[]).covers(wanted(&[]), 1));
    }

    #[test]
    fn it_ends_and_can_be_taken_back() {
        assert!(!consent(&[]).covers(wanted(&[]), 100));
        assert!(!Consent { revoked_at: Some(1), ..consent(&[]) }.covers(wanted(&[]), 2));
    }

    #[test]
    fn it_counts_for_its_own_account_and_mission() {
        let scopes = ["read".to_owned()];
        let work = Consent { account: Some("work".into()), ..consent(&["read"]) };
        assert!(!work.covers(wanted(&scopes), 1));
        assert!(work.covers(Wanted { account: Some("work"), ..wanted(&scopes) }, 1));
        let trip = Consent { mission: Some("trip".into()), ..consent(&["read"]) };
        assert!(!trip.covers(wanted(&scopes), 1));
        assert!(trip.covers(Wanted { mission: Some("trip"), ..wanted(&scopes) }, 1));
    }
}
