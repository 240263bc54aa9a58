//! From claims to facts: the only maker of verified values.
//!
//! Implements steps 5 to 7 of "Verification (Server)", "Common JWT Verification" and each token's own verification
//! section of draft-hardt-oauth-aauth-protocol-11. Keys are handed in; finding them is `discovery`'s, deciding whom to
//! trust is the caller's, before a key is fetched.

use std::ops::Deref;
use std::sync::Arc;

use super::error::{SignatureError, SignatureErrorCode as Code};
use super::identifier::{IdentifierRules, ServerId, Thumbprint};
use super::key::{CompactJws, Jwks, KeyFault, PublicKey, thumbprint};
use super::message::Message;
use super::metadata::Dwk;
use super::signature::SignedRequest;
use super::token::agent::AgentToken;
use super::token::auth::AuthToken;
use super::token::person::PersonToken;
use super::token::resource::ResourceToken;
use super::token::{Claims, Common, MAX_GRANT_LIFETIME, MAX_RESOURCE_LIFETIME, TokenFault, TokenType, Unverified};
use crate::clock::Seconds;

/// Something whose signature, times and audience were checked. Cheap to clone.
#[derive(Debug)]
pub struct Verified<T>(Arc<T>);

impl<T> Clone for Verified<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A token that a request may present in `Signature-Key`.
#[derive(Debug, Clone)]
pub enum VerifiedToken {
    /// Which agent.
    Agent(Verified<AgentToken>),
    /// Which person.
    Person(Verified<PersonToken>),
    /// What is authorized.
    Auth(Verified<AuthToken>),
}

impl VerifiedToken {
    /// The claims every token has.
    pub fn common(&self) -> &Common {
        match self {
            Self::Agent(token) => &token.common,
            Self::Person(token) => &token.common,
            Self::Auth(token) => &token.common,
        }
    }

    /// The key it confirms.
    pub fn key(&self) -> &PublicKey {
        match self {
            Self::Agent(token) => &token.key,
            Self::Person(token) => &token.key,
            Self::Auth(token) => &token.key,
        }
    }

    /// Its type.
    pub fn typ(&self) -> TokenType {
        match self {
            Self::Agent(_) => TokenType::Agent,
            Self::Person(_) => TokenType::Person,
            Self::Auth(_) => TokenType::Auth,
        }
    }

    /// Whether it is over, by the verifier's own clock and without tolerance.
    pub fn has_expired(&self, now: Seconds) -> bool {
        self.common().exp <= now
    }
}

/// What a recipient expects of a token.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// Who the recipient is.
    pub audience: ServerId,
    /// Which identifiers this deployment admits.
    pub identifiers: IdentifierRules,
    /// Seconds that `iat` may lie ahead.
    pub window: Seconds,
    /// The longest life of an agent token, in seconds.
    pub max_agent_lifetime: Seconds,
}

/// Verifies a token that came in `Signature-Key`, against its issuer's keys.
pub fn token(token: &Unverified, keys: &Jwks, rules: &TokenRules, now: Seconds) -> Result<VerifiedToken, TokenFault> {
    match token.typ() {
        TokenType::Agent => {
            let read = AgentToken::read(token, rules.identifiers)?;
            prove(token, keys, &read.common, rules.max_agent_lifetime, rules.window, now)?;
            Ok(VerifiedToken::Agent(Verified(Arc::new(read))))
        }
        TokenType::Person => {
            let read = PersonToken::read(token, rules.identifiers)?;
            prove(token, keys, &read.common, MAX_GRANT_LIFETIME, rules.window, now)?;
            for_us(&read.aud, rules)?;
            Ok(VerifiedToken::Person(Verified(Arc::new(read))))
        }
        TokenType::Auth => {
            let read = AuthToken::read(token, rules.identifiers)?;
            prove(token, keys, &read.common, MAX_GRANT_LIFETIME, rules.window, now)?;
            for_us(&read.aud, rules)?;
            Ok(VerifiedToken::Auth(Verified(Arc::new(read))))
        }
        TokenType::Resource => Err(TokenFault::WrongType(TokenType::Resource.typ().to_owned())),
    }
}

/// Verifies a resource token addressed to `rules.audience`.
pub fn resource_token(
    token: &Unverified,
    keys: &Jwks,
    rules: &TokenRules,
    now: Seconds,
) -> Result<Verified<ResourceToken>, TokenFault> {
    let proved = resource_challenge(token, keys, rules, now)?;
    for_us(&proved.aud, rules)?;
    Ok(proved)
}

/// Verifies a resource token as the agent that was challenged with it. An agent is nobody's audience: whom the token
/// is addressed to is for the agent to read, and `rules.audience` is not looked at.
pub fn resource_challenge(
    token: &Unverified,
    keys: &Jwks,
    rules: &TokenRules,
    now: Seconds,
) -> Result<Verified<ResourceToken>, TokenFault> {
    if token.typ() != TokenType::Resource {
        return Err(TokenFault::WrongType(token.typ().typ().to_owned()));
    }
    let read = ResourceToken::read(token, rules.identifiers)?;
    prove(token, keys, &read.common, MAX_RESOURCE_LIFETIME, rules.window, now)?;
    Ok(Verified(Arc::new(read)))
}

/// Times first, since they cost nothing; then the issuer's key and the signature.
fn prove(
    token: &Unverified,
    keys: &Jwks,
    common: &Common,
    longest: Seconds,
    window: Seconds,
    now: Seconds,
) -> Result<(), TokenFault> {
    within_its_life(common, longest, window, now)?;
    let key = keys.select(token.kid()).ok_or(TokenFault::UnknownKey)?;
    let key = key.map_err(|fault| TokenFault::IssuerKey(fault.clone()))?;
    if token.jws().signed_by(key) { Ok(()) } else { Err(TokenFault::BadSignature) }
}

fn within_its_life(common: &Common, longest: Seconds, window: Seconds, now: Seconds) -> Result<(), TokenFault> {
    if common.exp <= now {
        return Err(TokenFault::Expired);
    }
    if common.iat > now.saturating_add(window) {
        return Err(TokenFault::IssuedInFuture);
    }
    if common.exp - common.iat > longest {
        return Err(TokenFault::TooLong(longest));
    }
    if common.exp <= common.iat {
        return Err(TokenFault::claim("exp", "is not after `iat`"));
    }
    Ok(())
}

fn for_us(aud: &ServerId, rules: &TokenRules) -> Result<(), TokenFault> {
    if *aud == rules.audience { Ok(()) } else { Err(TokenFault::WrongAudience) }
}

/// Who signed a request, proved.
#[derive(Debug, Clone)]
pub enum VerifiedIdentity {
    /// The holder of a token.
    Token(VerifiedToken),
    /// A server by its published keys.
    Server {
        /// Its identifier.
        id: ServerId,
        /// The metadata document it was found by.
        dwk: Dwk,
    },
    /// Somebody who holds a key.
    Key,
    /// Somebody who holds a key that a stable key vouches for.
    DelegatedKey {
        /// The stable key's thumbprint.
        stable: Thumbprint,
    },
}

/// A request whose signature verified under the key of the identity it claims.
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    identity: VerifiedIdentity,
    thumbprint: Thumbprint,
    created: Seconds,
}

impl VerifiedRequest {
    /// Who signed.
    pub fn identity(&self) -> &VerifiedIdentity {
        &self.identity
    }

    /// The thumbprint of the key that signed.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// When it was signed, by the signer's clock.
    pub fn created(&self) -> Seconds {
        self.created
    }
}

/// A request signed by the holder of a token: the key is the token's own, so no other can have signed.
pub fn request_of_token(
    signed: &SignedRequest,
    message: &Message,
    token: &VerifiedToken,
) -> Result<VerifiedRequest, SignatureError> {
    let proof = proved(signed, message, token.key())?;
    Ok(VerifiedRequest { identity: VerifiedIdentity::Token(token.clone()), ..proof })
}

/// A request signed by a server, whose key set was fetched under its identifier.
pub fn request_of_server(
    signed: &SignedRequest,
    message: &Message,
    (id, dwk, kid): (&ServerId, Dwk, &str),
    keys: &Jwks,
) -> Result<VerifiedRequest, SignatureError> {
    let key = keys.select(kid).ok_or_else(|| SignatureError::from(TokenFault::UnknownKey))?;
    let key = key.map_err(|fault| SignatureError::from(TokenFault::IssuerKey(fault.clone())))?;
    let proof = proved(signed, message, key)?;
    Ok(VerifiedRequest { identity: VerifiedIdentity::Server { id: id.clone(), dwk }, ..proof })
}

/// A request signed by a bare key.
pub fn request_of_key(
    signed: &SignedRequest,
    message: &Message,
    key: &PublicKey,
) -> Result<VerifiedRequest, SignatureError> {
    proved(signed, message, key)
}

/// A request signed by a key that a `jkt-s256+jwt` names. HTTP Signature Keys -09, section 3.5.
pub fn request_of_delegated_key(
    signed: &SignedRequest,
    message: &Message,
    naming: &str,
    window: Seconds,
    now: Seconds,
) -> Result<VerifiedRequest, SignatureError> {
    let (stable, key) = delegated_key(naming, window, now)?;
    let proof = proved(signed, message, &key)?;
    Ok(VerifiedRequest { identity: VerifiedIdentity::DelegatedKey { stable }, ..proof })
}

fn delegated_key(naming: &str, window: Seconds, now: Seconds) -> Result<(Thumbprint, PublicKey), TokenFault> {
    let jws = CompactJws::decode(naming).ok_or(TokenFault::Malformed)?;
    if jws.header_str("typ") != Some("jkt-s256+jwt") {
        return Err(TokenFault::WrongType(
            jws.header_str("typ").unwrap_or("(absent)").chars().take(40).flat_map(char::escape_debug).collect(),
        ));
    }
    let jwk = jws.header.get("jwk").and_then(|jwk| jwk.as_object());
    let jwk = jwk.ok_or_else(|| TokenFault::claim("jwk", "is missing from the header"))?;
    let stable = thumbprint(jwk).ok_or(TokenFault::IssuerKey(KeyFault::Incomplete("kty")))?;
    let claims = Claims(&jws.claims);
    if claims.text("iss")? != format!("urn:jkt:sha-256:{stable}") {
        return Err(TokenFault::claim("iss", "is not the thumbprint of the key in the header"));
    }
    let key = PublicKey::from_jwk(jwk).map_err(TokenFault::IssuerKey)?;
    if !jws.signed_by(&key) {
        return Err(TokenFault::BadSignature);
    }
    let (iat, exp) = (claims.time("iat")?, claims.time("exp")?);
    if exp <= now {
        return Err(TokenFault::Expired);
    }
    if iat > now.saturating_add(window) {
        return Err(TokenFault::IssuedInFuture);
    }
    Ok((stable, claims.confirmation()?))
}

/// Step 7: the signature over the received message, by this key and under the key's own algorithm.
fn proved(signed: &SignedRequest, message: &Message, key: &PublicKey) -> Result<VerifiedRequest, SignatureError> {
    if signed.keyid().is_some_and(|keyid| Some(keyid) != key.kid() && keyid != key.thumbprint().as_str()) {
        let detail = "`keyid` names another key than `signature-key` conveys";
        return Err(SignatureError::new(Code::InvalidSignature, detail));
    }
    let base = signed.base(message)?;
    let verifies = |base: &[u8]| key.verifies(base, signed.signature());
    if verifies(&base) || signed.base_rejoined(message).is_some_and(|base| verifies(&base)) {
        let thumbprint = key.thumbprint().clone();
        return Ok(VerifiedRequest { identity: VerifiedIdentity::Key, thumbprint, created: signed.created() });
    }
    Err(SignatureError::new(Code::InvalidSignature, "the signature does not verify over the request as received"))
}

#[cfg(test)]
mod tests;
