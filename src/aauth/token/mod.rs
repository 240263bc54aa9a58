//! The four AAuth tokens: what they must say, and how to say it.
//!
//! Implements "AAuth Tokens" of draft-hardt-oauth-aauth-protocol-11 and each token's own structure section. Reading
//! claims here proves nothing about them: only [`super::verify`] makes a verified token. A recipient reads `typ` first.

pub mod agent;
pub mod auth;
mod interaction;
pub mod person;
pub mod resource;

pub use interaction::ResourceInteraction;

use serde_json::{Map, Value};

use super::error::{SignatureError, SignatureErrorCode as Code, TokenEndpointErrorCode, TokenParameter};
use super::identifier::{IdentifierRules, InvalidIdentifier, ServerId};
use super::key::{CompactJws, KeyFault, PublicKey};
use super::metadata::Dwk;
use crate::clock::Seconds;

/// The longest lifetime of a person token or an auth token, in seconds.
pub const MAX_GRANT_LIFETIME: Seconds = 3600;
/// The lifetime an agent token should not exceed, in seconds.
pub const MAX_AGENT_LIFETIME: Seconds = 24 * 3600;
/// The lifetime a resource token should not exceed, in seconds.
pub const MAX_RESOURCE_LIFETIME: Seconds = 300;

/// The types, told apart by `typ` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// Which agent.
    Agent,
    /// Which person.
    Person,
    /// What a resource asks for.
    Resource,
    /// What is authorized.
    Auth,
}

impl TokenType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Person, Self::Resource, Self::Auth];

    /// The `typ` header.
    pub fn typ(self) -> &'static str {
        match self {
            Self::Agent => "aa-agent+jwt",
            Self::Person => "aa-person+jwt",
            Self::Resource => "aa-resource+jwt",
            Self::Auth => "aa-auth+jwt",
        }
    }

    /// The type a `typ` header names. RFC 7515 compares media types without regard to case; AAuth's are one spelling.
    pub fn from_typ(typ: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.typ() == typ)
    }

    /// The metadata documents its issuer may be found by.
    pub fn issuers(self) -> &'static [Dwk] {
        match self {
            Self::Agent => &[Dwk::Agent],
            Self::Person => &[Dwk::Person],
            Self::Resource => &[Dwk::Resource],
            Self::Auth => &[Dwk::Person, Dwk::Access],
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not a JWT at all.
    #[error("the token is not a well-formed JWT")]
    Malformed,
    /// Another type than this place takes.
    #[error("the token's typ is `{0}`, which is not accepted here")]
    WrongType(String),
    /// `dwk` is not one of its type's.
    #[error("the token's `dwk` does not fit its type")]
    WrongDwk,
    /// A claim is missing or is not what it must be.
    #[error("the token's `{claim}` claim {why}")]
    BadClaim {
        /// Which.
        claim: &'static str,
        /// What is wrong.
        why: String,
    },
    /// For somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The agent's domain is not its provider's host.
    #[error("the agent identifier's domain is not the host of the agent provider that issued the token")]
    ForeignAgent,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `iat` is further ahead than the window.
    #[error("the token's `iat` is ahead of this server's clock by more than the signature window")]
    IssuedInFuture,
    /// It lives longer than its type may.
    #[error("the token's lifetime exceeds {0} s")]
    TooLong(Seconds),
    /// The issuer has no such key.
    #[error("the issuer publishes no key of the token's `kid`")]
    UnknownKey,
    /// The issuer's key is unusable.
    #[error("the issuer's key: {0}")]
    IssuerKey(KeyFault),
    /// Its own `cnf` key is unusable.
    #[error("the token's `cnf`: {0}")]
    Confirmation(KeyFault),
    /// Not signed by that key.
    #[error("the token's signature does not verify")]
    BadSignature,
}

impl TokenFault {
    pub(super) fn claim(claim: &'static str, why: impl Into<String>) -> Self {
        Self::BadClaim { claim, why: why.into() }
    }

    /// The error code when the token came as a request parameter.
    pub fn parameter_code(&self, parameter: TokenParameter) -> TokenEndpointErrorCode {
        match self {
            Self::Expired => parameter.expired(),
            Self::IssuedInFuture => TokenEndpointErrorCode::ClockSkew,
            Self::Malformed
            | Self::WrongType(_)
            | Self::WrongDwk
            | Self::BadClaim { .. }
            | Self::WrongAudience
            | Self::ForeignAgent
            | Self::TooLong(_)
            | Self::UnknownKey
            | Self::IssuerKey(_)
            | Self::Confirmation(_)
            | Self::BadSignature => parameter.invalid(),
        }
    }
}

impl From<TokenFault> for SignatureError {
    /// "Verification (Server)", step 5: a token in `Signature-Key` that fails is a signature failure.
    fn from(fault: TokenFault) -> Self {
        let detail = fault.to_string();
        let code = match fault {
            TokenFault::Expired => Code::ExpiredJwt,
            TokenFault::IssuedInFuture => Code::ClockSkew,
            TokenFault::UnknownKey => Code::UnknownKey,
            // "Request-Context Binding": a token whose own key lacks a member is incomplete itself.
            TokenFault::Confirmation(KeyFault::Incomplete(_))
            | TokenFault::Malformed
            | TokenFault::WrongType(_)
            | TokenFault::WrongDwk
            | TokenFault::BadClaim { .. }
            | TokenFault::WrongAudience
            | TokenFault::ForeignAgent
            | TokenFault::TooLong(_)
            | TokenFault::BadSignature => Code::InvalidJwt,
            TokenFault::IssuerKey(fault) | TokenFault::Confirmation(fault) => SignatureError::from(fault).code,
        };
        Self::new(code, detail)
    }
}

/// A token somebody sent. It tells what is needed to find the key that would prove it, and nothing else.
#[derive(Debug, Clone)]
pub struct Unverified {
    typ: TokenType,
    issuer: ServerId,
    dwk: Dwk,
    kid: String,
    jws: CompactJws,
}

impl Unverified {
    /// Takes a compact token apart: `typ` first, then where its issuer's keys are.
    pub fn parse(compact: &str, rules: IdentifierRules) -> Result<Self, TokenFault> {
        let jws = CompactJws::decode(compact).ok_or(TokenFault::Malformed)?;
        let typ = jws.header_str("typ").ok_or_else(|| TokenFault::WrongType("(absent)".into()))?;
        let typ = TokenType::from_typ(typ)
            .ok_or_else(|| TokenFault::WrongType(typ.chars().take(40).flat_map(char::escape_debug).collect()))?;
        let claims = Claims(&jws.claims);
        let dwk = Dwk::from_name(claims.text("dwk")?).ok_or(TokenFault::WrongDwk)?;
        if !typ.issuers().contains(&dwk) {
            return Err(TokenFault::WrongDwk);
        }
        let issuer = claims.server("iss", rules)?;
        let kid = jws.header_str("kid").filter(|kid| !kid.is_empty() && kid.len() <= 255);
        let kid = kid.ok_or_else(|| TokenFault::claim("kid", "is missing from the header"))?.to_owned();
        Ok(Self { typ, issuer, dwk, kid, jws })
    }

    /// What it says it is.
    pub fn typ(&self) -> TokenType {
        self.typ
    }

    /// Who is said to have issued it.
    pub fn issuer(&self) -> &ServerId {
        &self.issuer
    }

    /// The metadata document its issuer's keys are found by.
    pub fn dwk(&self) -> Dwk {
        self.dwk
    }

    /// Which of the issuer's keys.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn jws(&self) -> &CompactJws {
        &self.jws
    }

    pub(super) fn claims(&self) -> Claims<'_> {
        Claims(&self.jws.claims)
    }
}

/// The claims every token has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// The issuer.
    pub iss: ServerId,
    /// Its metadata document.
    pub dwk: Dwk,
    /// The token's identifier, unique for its issuer.
    pub jti: String,
    /// When it was issued, in seconds since the epoch.
    pub iat: Seconds,
    /// When it ends, in seconds since the epoch.
    pub exp: Seconds,
}

impl Common {
    fn read(token: &Unverified) -> Result<Self, TokenFault> {
        let claims = token.claims();
        Ok(Self {
            iss: token.issuer.clone(),
            dwk: token.dwk,
            jti: claims.text("jti")?.to_owned(),
            iat: claims.time("iat")?,
            exp: claims.time("exp")?,
        })
    }

    fn write(&self, claims: &mut Map<String, Value>) {
        claims.insert("iss".into(), self.iss.as_str().into());
        claims.insert("dwk".into(), self.dwk.name().into());
        claims.insert("jti".into(), self.jti.as_str().into());
        claims.insert("iat".into(), self.iat.into());
        claims.insert("exp".into(), self.exp.into());
    }
}

/// Typed access to a claims object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Claims<'a> {
    /// A non-empty string of at most 2048 bytes, without control characters.
    pub(super) fn text(self, name: &'static str) -> Result<&'a str, TokenFault> {
        self.optional_text(name)?.ok_or_else(|| TokenFault::claim(name, "is missing"))
    }

    fn optional_text(self, name: &'static str) -> Result<Option<&'a str>, TokenFault> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| TokenFault::claim(name, "is not a string"))?;
        if text.is_empty() || text.len() > 2048 || text.chars().any(char::is_control) {
            return Err(TokenFault::claim(name, "is empty, too long or holds control characters"));
        }
        Ok(Some(text))
    }

    /// A `NumericDate`, rounded down.
    pub(super) fn time(self, name: &'static str) -> Result<Seconds, TokenFault> {
        let value = self.0.get(name).ok_or_else(|| TokenFault::claim(name, "is missing"))?;
        let whole = value.as_i64().or_else(|| value.as_f64().and_then(whole_seconds));
        whole.filter(|t| (0..=253_402_300_799).contains(t)).ok_or_else(|| TokenFault::claim(name, "is not a time"))
    }

    fn server(self, name: &'static str, rules: IdentifierRules) -> Result<ServerId, TokenFault> {
        ServerId::parse_under(self.text(name)?, rules).map_err(|fault| identifier_fault(name, &fault))
    }

    /// A string, or an array of one string, as some issuers write `aud`.
    fn audience(self, rules: IdentifierRules) -> Result<ServerId, TokenFault> {
        let one = match self.0.get("aud") {
            Some(Value::String(aud)) => Some(aud.as_str()),
            Some(Value::Array(list)) => match list.as_slice() {
                [only] => only.as_str(),
                _ => None,
            },
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => None,
        };
        let one = one.ok_or_else(|| TokenFault::claim("aud", "is missing or does not name exactly one audience"))?;
        ServerId::parse_under(one, rules).map_err(|fault| identifier_fault("aud", &fault))
    }

    /// `cnf.jwk`
    pub(super) fn confirmation(self) -> Result<PublicKey, TokenFault> {
        let jwk = self.0.get("cnf").and_then(|cnf| cnf.get("jwk")).and_then(Value::as_object);
        let jwk = jwk.ok_or_else(|| TokenFault::claim("cnf", "holds no `jwk`"))?;
        PublicKey::from_jwk(jwk).map_err(TokenFault::Confirmation)
    }

    /// A space-separated list, as scopes are written.
    fn scopes(self) -> Result<Vec<String>, TokenFault> {
        let scope = match self.0.get("scope") {
            None => return Ok(Vec::new()),
            Some(Value::String(scope)) if scope.len() <= 4096 => scope,
            Some(_) => return Err(TokenFault::claim("scope", "is not a string of at most 4096 bytes")),
        };
        parse_scopes(scope).ok_or_else(|| TokenFault::claim("scope", "holds a character no scope may have"))
    }

    /// A base64url SHA-256, the identifier of a mission.
    fn mission(self) -> Result<Option<String>, TokenFault> {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
        let Some(text) = self.optional_text("mission_s256")? else { return Ok(None) };
        match BASE64_URL_SAFE_NO_PAD.decode(text) {
            Ok(digest) if digest.len() == 32 => Ok(Some(text.to_owned())),
            Ok(_) | Err(_) => Err(TokenFault::claim("mission_s256", "is not a base64url SHA-256")),
        }
    }

    fn forbid(self, names: &[&'static str]) -> Result<(), TokenFault> {
        match names.iter().find(|name| self.0.contains_key(**name)) {
            Some(name) => Err(TokenFault::claim(name, "must not be in this type of token")),
            None => Ok(()),
        }
    }

    /// What is not among `known`.
    fn others(self, known: &[&str]) -> Map<String, Value> {
        let own = ["iss", "dwk", "jti", "iat", "exp", "cnf", "sub", "aud"];
        let other = |name: &str| !own.contains(&name) && !known.contains(&name);
        self.0.iter().filter(|(name, _)| other(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn identifier_fault(claim: &'static str, fault: &InvalidIdentifier) -> TokenFault {
    TokenFault::claim(claim, format!("is wrong: {fault}"))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first, and rounding down is meant")]
fn whole_seconds(value: f64) -> Option<Seconds> {
    (0.0..253_402_300_799.0).contains(&value).then(|| value.floor() as Seconds)
}

/// The scope tokens of a `scope` string, sorted and without repetition. `None` where a character is none of RFC 6749's.
pub fn parse_scopes(scope: &str) -> Option<Vec<String>> {
    let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    let mut scopes = Vec::new();
    for token in scope.split(' ').filter(|token| !token.is_empty()) {
        if !token.bytes().all(legal) {
            return None;
        }
        scopes.push(token.to_owned());
    }
    scopes.sort();
    scopes.dedup();
    Some(scopes)
}

fn insert_some(claims: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
}

fn insert_scopes(claims: &mut Map<String, Value>, scopes: &[String]) {
    if !scopes.is_empty() {
        claims.insert("scope".to_owned(), scopes.join(" ").into());
    }
}

/// `cnf`, as tokens have it.
pub(super) fn confirmation_claim(key: &PublicKey) -> Value {
    let mut jwk = key.to_jwk();
    jwk.remove("kid");
    jwk.remove("use");
    serde_json::json!({ "jwk": jwk })
}
