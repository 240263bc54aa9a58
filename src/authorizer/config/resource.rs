//! One protected resource, as plain data. [`super::resource_reader`] fills it from the file.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::error::{Fault, quotable};
use super::keys::SigningKeys;
use super::trust::TrustedIssuer;
use super::url::WebUrl;
use crate::aauth::identifier::ServerId;
use crate::aauth::signature;
use crate::aauth::token::TokenType;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::rpc::RpcRoute;

/// The longest time a resource token may live, and the default.
pub const MAX_RESOURCE_TOKEN_LIFETIME: Duration = Duration::from_mins(5);

/// A resource's name within this configuration: in the proxy's `aauth_resource_id`, as policy folder and metric label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub(super) String);

impl ResourceId {
    /// Parses a name. It is short and plain, since it becomes a folder's name and a metric's label.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) {
            let fault = Fault::new(format!("`{}` is not a resource's name", quotable(text)));
            return Err(fault.hint("up to 64 letters, digits, `-`, `_` and `.`"));
        }
        if text.starts_with(['_', '.']) {
            return Err(Fault::new(format!("`{text}` must start with a letter or a digit")));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A protected resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceConfig {
    /// Its name here.
    pub id: ResourceId,
    /// `iss` of its tokens, `aud` of what it accepts. Absent only where nothing is minted and no host names it.
    pub issuer: Option<ServerId>,
    /// The hosts, with port where requests have one, whose requests are this resource's.
    pub hosts: Vec<String>,
    /// What a caller must present.
    pub access: AccessMode,
    /// Whether policies are asked about requests without any signature, which are challenged otherwise.
    pub allow_anonymous: bool,
    /// What it signs resource tokens with.
    pub signing_keys: Option<SigningKeys>,
    /// Its scopes, with what a person reads when asked to consent.
    pub scope_descriptions: BTreeMap<String, String>,
    /// Scopes without a description, as the earlier generation lists them.
    pub supported_scopes: Vec<String>,
    /// The scopes of a resource token when nothing narrower is known.
    pub default_resource_token_scopes: Vec<String>,
    /// Scopes of the person server itself that may be asked for: `openid`, `profile` and the like.
    pub identity_scopes: Vec<String>,
    /// How long a resource token lives.
    pub resource_token_lifetime: Duration,
    /// Trusted agent providers.
    pub agent_servers: Vec<TrustedIssuer>,
    /// Trusted person servers.
    pub person_servers: Vec<TrustedIssuer>,
    /// Trusted access servers.
    pub auth_servers: Vec<TrustedIssuer>,
    /// In four-party access, whom resource tokens are for.
    pub access_server: Option<ServerId>,
    /// The earlier generation's one person server, whom its resource tokens are for; in `person_servers` too.
    pub person_server: Option<ServerId>,
    /// How to read a signature.
    pub signatures: SignatureRules,
    /// The longest lifetime of an agent token that is accepted.
    pub max_agent_token_lifetime: Duration,
    /// The types of token that are accepted; empty for all that the access mode takes.
    pub allowed_jwt_types: Vec<TokenType>,
    /// Taken for `@authority`, whatever the proxy says.
    pub authority_override: Option<String>,
    /// Taken for `@scheme`, whatever the proxy says.
    pub scheme_override: Option<Scheme>,
    /// Whether the signature's header fields are kept from the upstream.
    pub strip_signature_headers: bool,
    /// Header fields that policies may see.
    pub forward_headers_to_policy: Vec<String>,
    /// Where it is served by JSON-RPC.
    pub rpc: Vec<RpcRoute>,
    /// Whether one signature of an unsafe method is good for one request only.
    pub replay_protection: bool,
    /// Where agents ask for authorization beforehand.
    pub authorization_endpoint: Endpoint,
    /// Where issuers revoke their tokens.
    pub revocation_endpoint: Endpoint,
    /// What is shown to people and developers.
    pub display: DisplayMetadata,
}

/// How to read a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRules {
    /// The furthest `created` may be from now, either way.
    pub window: Duration,
    /// Components a signature must cover beside those of the draft.
    pub additional_components: Vec<String>,
    /// The schemes of `Signature-Key` that are accepted.
    pub allowed_schemes: Vec<signature::Scheme>,
    /// Whether a key without an identity is a caller.
    pub allow_pseudonymous: bool,
    /// Whether a signature in base64url without padding is read too.
    pub allow_base64url: bool,
}

/// What is shown to people and developers: the resource's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisplayMetadata {
    /// Display name.
    pub name: Option<String>,
    /// In Markdown.
    pub description: Option<String>,
    /// Logo.
    pub logo_uri: Option<WebUrl>,
    /// Logo for dark backgrounds.
    pub logo_dark_uri: Option<WebUrl>,
    /// Developers' documentation.
    pub documentation_uri: Option<WebUrl>,
    /// Terms of service.
    pub tos_uri: Option<WebUrl>,
    /// Privacy policy.
    pub policy_uri: Option<WebUrl>,
}

/// The scheme that callers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}

impl Scheme {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Default for SignatureRules {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(1),
            additional_components: Vec::new(),
            allowed_schemes: vec![signature::Scheme::Jwt],
            allow_pseudonymous: false,
            allow_base64url: true,
        }
    }
}

impl ResourceConfig {
    /// A resource with everything as it is when the file is silent: it trusts nobody.
    pub fn new(id: ResourceId) -> Self {
        Self {
            id,
            issuer: None,
            hosts: Vec::new(),
            access: AccessMode::AgentToken,
            allow_anonymous: false,
            signing_keys: None,
            scope_descriptions: BTreeMap::new(),
            supported_scopes: Vec::new(),
            default_resource_token_scopes: Vec::new(),
            identity_scopes: Vec::new(),
            resource_token_lifetime: MAX_RESOURCE_TOKEN_LIFETIME,
            agent_servers: Vec::new(),
            person_servers: Vec::new(),
            auth_servers: Vec::new(),
            access_server: None,
            person_server: None,
            signatures: SignatureRules::default(),
            max_agent_token_lifetime: Duration::from_hours(24),
            allowed_jwt_types: Vec::new(),
            authority_override: None,
            scheme_override: None,
            strip_signature_headers: false,
            forward_headers_to_policy: Vec::new(),
            rpc: Vec::new(),
            replay_protection: true,
            authorization_endpoint: Endpoint::at("/authorize"),
            revocation_endpoint: Endpoint::at("/revoke"),
            display: DisplayMetadata::default(),
        }
    }

    /// Whether `scope` is one that this resource knows.
    pub fn knows_scope(&self, scope: &str) -> bool {
        self.scope_descriptions.contains_key(scope) || self.supported_scopes.iter().any(|s| s == scope)
    }

    /// Whether `scope` may stand in a resource token: one of its own, or one of the person server's it asks for.
    pub fn may_ask_for(&self, scope: &str) -> bool {
        self.knows_scope(scope) || self.identity_scopes.iter().any(|s| s == scope)
    }
}
