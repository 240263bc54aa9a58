//! `AAuth-Requirement`: what a request needs before it can be served.
//!
//! Implements "Requirement Responses" of draft-hardt-oauth-aauth-protocol-11: one dictionary member, `requirement`,
//! whose data are its parameters.

use sfv::{DictSerializer, ListEntry, Parser, StringRef, TokenRef, key_ref};

/// A requirement and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// Present an agent token.
    AgentToken,
    /// Obtain a person token for this resource.
    PersonToken,
    /// Take the resource token to your person server.
    AuthToken {
        /// The `aa-resource+jwt`.
        resource_token: String,
    },
    /// Direct the person to `url` with `code`.
    Interaction {
        /// Where, `https`, without query and fragment.
        url: String,
        /// Which.
        code: String,
    },
    /// Somebody else is being asked; poll.
    Approval,
    /// Answer the question in the body.
    Clarification,
    /// Identity claims are needed (an access server asks a person server).
    Claims,
}

/// A header that states no requirement we can satisfy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementFault {
    /// Not a dictionary with a `requirement` token.
    #[error("`AAuth-Requirement` is malformed")]
    Malformed,
    /// An extension that is not ours.
    #[error("the requirement `{0}` is not known")]
    Unknown(String),
    /// A parameter is missing or is no string.
    #[error("the requirement lacks its `{0}` parameter")]
    Missing(&'static str),
}

impl Requirement {
    /// The registered value.
    pub fn value(&self) -> &'static str {
        match self {
            Self::AgentToken => "agent-token",
            Self::PersonToken => "person-token",
            Self::AuthToken { .. } => "auth-token",
            Self::Interaction { .. } => "interaction",
            Self::Approval => "approval",
            Self::Clarification => "clarification",
            Self::Claims => "claims",
        }
    }

    /// The status it comes with where a resource answers at once.
    pub fn status(&self) -> u16 {
        match self {
            Self::AgentToken | Self::PersonToken | Self::AuthToken { .. } => 401,
            Self::Interaction { .. } | Self::Approval | Self::Clarification | Self::Claims => 202,
        }
    }

    /// The header's value.
    pub fn header(&self) -> String {
        let parameters: &[(&str, &str)] = match self {
            Self::AuthToken { resource_token } => &[("resource-token", resource_token)],
            Self::Interaction { url, code } => &[("url", url), ("code", code)],
            Self::AgentToken | Self::PersonToken | Self::Approval | Self::Clarification | Self::Claims => &[],
        };
        let mut dictionary = DictSerializer::new();
        if let Ok(value) = TokenRef::from_str(self.value()) {
            let mut item = dictionary.bare_item(key_ref("requirement"), value);
            for (name, value) in parameters {
                // Tokens, URLs and codes of ours are ASCII; one that is not would be left out and refused by its reader.
                if let (Ok(name), Ok(value)) = (sfv::KeyRef::from_str(name), StringRef::from_str(value)) {
                    item = item.parameter(name, value);
                }
            }
        }
        dictionary.finish().unwrap_or_default()
    }

    /// Reads the header; unknown members and parameters are ignored.
    pub fn parse(header: &str) -> Result<Self, RequirementFault> {
        let dictionary: sfv::Dictionary = Parser::new(header).parse().map_err(|_| RequirementFault::Malformed)?;
        let Some(ListEntry::Item(item)) = dictionary.get("requirement") else {
            return Err(RequirementFault::Malformed);
        };
        let parameter = |name: &'static str| {
            let value = item.params.get(name).and_then(|value| value.as_string());
            value.map(|value| value.as_str().to_owned()).ok_or(RequirementFault::Missing(name))
        };
        match item.bare_item.as_token().ok_or(RequirementFault::Malformed)?.as_str() {
            "agent-token" => Ok(Self::AgentToken),
            "person-token" => Ok(Self::PersonToken),
            "auth-token" => Ok(Self::AuthToken { resource_token: parameter("resource-token")? }),
            "interaction" => Ok(Self::Interaction { url: parameter("url")?, code: parameter("code")? }),
            "approval" => Ok(Self::Approval),
            "clarification" => Ok(Self::Clarification),
            "claims" => Ok(Self::Claims),
            other => Err(RequirementFault::Unknown(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_requirement_makes_the_round_trip() {
        let all = [
            Requirement::AgentToken,
            Requirement::PersonToken,
            Requirement::AuthToken { resource_token: "eyJ.eyJ.sig".into() },
            Requirement::Interaction { url: "https://r.example/i".into(), code: "A1B2-C3D4".into() },
            Requirement::Approval,
            Requirement::Clarification,
            Requirement::Claims,
        ];
        for requirement in all {
            assert_eq!(Requirement::parse(&requirement.header()), Ok(requirement));
        }
    }

    /// "AAuth-Requirement Header Structure": the data are parameters of the one member.
    #[test]
    fn the_resource_token_is_a_parameter() {
        let header = Requirement::AuthToken { resource_token: "eyJ".into() }.header();
        assert_eq!(header, r#"requirement=auth-token;resource-token="eyJ""#);
        let spaced = r#"requirement=auth-token; resource-token="eyJ"; later="x", other=1"#;
        assert_eq!(Requirement::parse(spaced), Ok(Requirement::AuthToken { resource_token: "eyJ".into() }));
    }

    #[test]
    fn what_cannot_be_satisfied_is_an_error() {
        assert_eq!(Requirement::parse("requirement=teleport"), Err(RequirementFault::Unknown("teleport".into())));
        assert_eq!(Requirement::parse("requirement=auth-token"), Err(RequirementFault::Missing("resource-token")));
        assert_eq!(Requirement::parse("requirement=\"agent-token\""), Err(RequirementFault::Malformed));
        assert_eq!(Requirement::parse("nonsense;;"), Err(RequirementFault::Malformed));
    }
}
