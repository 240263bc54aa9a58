//! A response, as a test looks at it.

use aauth_authorizer::aauth::requirement::Requirement;
use axum::http::HeaderMap;
use serde_json::Value;

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    /// A header's value; empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `error` of a problem.
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or("")
    }

    /// A string of the body.
    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {self:?}")).to_owned()
    }

    /// The claims of the token that is this member.
    pub(crate) fn claims(&self, name: &str) -> Value {
        claims(&self.text(name))
    }

    /// What it requires.
    pub(crate) fn requirement(&self) -> Requirement {
        Requirement::parse(self.header("aauth-requirement")).unwrap()
    }

    /// The code of the interaction it requires.
    pub(crate) fn code(&self) -> String {
        let required = self.requirement();
        let Requirement::Interaction { code, .. } = required else { panic!("{required:?} has no code") };
        code
    }

    /// Asserts status and error code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.error()), (status, error), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
    }
}

/// The header of a token, unverified.
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
