//! What a suite says, as plain data. `read` fills it from a file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::aauth::identifier::{AgentId, ServerId};
use crate::aauth::token::TokenType;
use crate::authorizer::config::{Position, ResourceConfig};
use crate::clock::Seconds;
use crate::policy::RawQuestion;

/// When tests happen, where a suite does not say: 2026-01-01T12:00:00Z.
pub(super) const DEFAULT_NOW: Seconds = 1_767_268_800;

/// The tests of one file.
#[derive(Debug)]
pub struct Suite {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Its name; the file's, if it gives none.
    pub name: String,
    /// The resource whose folder it is in; none for a suite of `_all`.
    pub home: Option<String>,
    /// The resource as the suite describes it.
    pub resource: Option<ResourceConfig>,
    /// The callers.
    pub callers: BTreeMap<String, Caller>,
    /// The tests, each cell of a matrix by itself.
    pub cases: Vec<Case>,
}

/// One test: one request and one expectation.
#[derive(Debug)]
pub struct Case {
    /// Its name, with its place in the matrix.
    pub name: String,
    /// Where it is in the file.
    pub at: Position,
    /// When it happens.
    pub now: Seconds,
    /// Why it is not run.
    pub skip: Option<String>,
    /// What is asked.
    pub question: Question,
    /// What is expected.
    pub expect: Expect,
}

/// What a test asks.
#[derive(Debug)]
pub enum Question {
    /// A request, of the caller of that name.
    Request(Box<Asking>),
    /// A question in Cedar's own terms.
    Cedar(Box<RawQuestion>),
    /// The same, weighed as Cedar weighs it: policies that fail are passed over.
    RunTests(Box<RawQuestion>),
}

/// How much of a request a test spells out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Raw entities and context.
    Cedar,
    /// A caller and a request; signing is done for it.
    Claims,
    /// The signature as well.
    Http,
}

impl Level {
    /// Its name in suites and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cedar => "cedar",
            Self::Claims => "claims",
            Self::Http => "http",
        }
    }
}

impl Question {
    /// Its level.
    pub fn level(&self) -> Level {
        match self {
            Self::Request(asking) => asking.level,
            Self::Cedar(_) | Self::RunTests(_) => Level::Cedar,
        }
    }
}

/// A caller and a request.
#[derive(Debug)]
pub struct Asking {
    /// Whether the signature is spelled out.
    pub level: Level,
    /// The caller's name.
    pub caller: String,
    /// The request.
    pub request: Request,
    /// How it is signed.
    pub signing: Signing,
}

/// A request before it is signed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The host; the resource's own, if none is given.
    pub host: Option<String>,
    /// The path, with its query.
    pub target: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How much of the body the gateway forwards.
    pub forwarded: Forwarded,
    /// The address of the gateway's peer.
    pub source_ip: Option<IpAddr>,
    /// The identity of the gateway's peer.
    pub peer: Option<String>,
}

/// How much of a body the gateway forwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// All of it.
    #[default]
    Whole,
    /// The beginning.
    Partial,
    /// Nothing.
    Nothing,
}

/// How a request is signed, and what is done to it afterwards.
#[derive(Debug, Clone, Default)]
pub struct Signing {
    /// Not at all.
    pub none: bool,
    /// Components to cover beside those that the resource asks for.
    pub cover: Vec<String>,
    /// Seconds from now to `created`.
    pub created: Seconds,
    /// The caller whose key signs, where it is not the caller's own.
    pub key: Option<String>,
    /// What changes on the way.
    pub tamper: Tamper,
}

/// What changes between signing and arriving.
#[derive(Debug, Clone, Default)]
pub struct Tamper {
    /// Another method.
    pub method: Option<String>,
    /// Another host.
    pub host: Option<String>,
    /// Another path.
    pub target: Option<String>,
    /// Other values of header fields.
    pub headers: Vec<(String, String)>,
    /// Another body.
    pub body: Option<Vec<u8>>,
    /// The signature's bytes.
    pub signature: bool,
    /// The token's claims.
    pub token: bool,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they prove.
    pub proof: Proof,
    /// Whether the resource trusts the issuer.
    pub trusted: bool,
}

/// What a caller proves.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Nothing.
    Anonymous,
    /// That they hold a key.
    Key,
    /// That they are a server.
    Server(ServerId),
    /// What a token says.
    Token(Box<Token>),
}

/// A token to be minted.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its type.
    pub typ: TokenType,
    /// Whom it is of.
    pub holder: Holder,
    /// Who signs it.
    pub issuer: ServerId,
    /// The resource it is for, where it is not the one that is asked.
    pub audience: Option<ServerId>,
    /// What it grants.
    pub scopes: Vec<String>,
    /// For which account.
    pub account: Option<String>,
    /// On which mission, as a digest.
    pub mission: Option<String>,
    /// Its id.
    pub jti: Option<String>,
    /// Seconds since it was issued.
    pub age: Seconds,
    /// Seconds until it expires.
    pub expires_in: Seconds,
    /// Whether its issuer has withdrawn it.
    pub revoked: bool,
    /// Claims that have no place of their own.
    pub claims: Map<String, Value>,
}

/// Whom a token is of.
#[derive(Debug, Clone)]
pub enum Holder {
    /// An agent.
    Agent {
        /// Its identifier.
        id: AgentId,
        /// The agent that made it.
        parent: Option<AgentId>,
        /// Its person server.
        ps: Option<ServerId>,
    },
    /// A person, for whom an agent acts.
    Person {
        /// Their person server.
        server: ServerId,
        /// Their name there.
        sub: String,
        /// Their organization.
        tenant: Option<String>,
    },
}

/// The answer's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request passes.
    Allow,
    /// More is needed first.
    Challenge,
    /// No.
    Deny,
    /// The signature is missing or fails.
    Unauthenticated,
    /// Something does not work.
    Error,
}

impl Decision {
    /// Every decision.
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("allow", Self::Allow),
        ("challenge", Self::Challenge),
        ("deny", Self::Deny),
        ("unauthenticated", Self::Unauthenticated),
        ("error", Self::Error),
    ];

    /// Its name in suites and reports.
    pub fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, decision)| *decision == self).map_or("", |(name, _)| name)
    }
}

/// What is expected of an answer; what is absent is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Its kind.
    pub decision: Option<Decision>,
    /// The requirement of a challenge.
    pub requirement: Option<String>,
    /// The scopes that the resource token asks for.
    pub scope: Option<BTreeSet<String>>,
    /// The policies that determined it.
    pub policies: Option<Ids>,
    /// The policies that failed to evaluate.
    pub errors: Option<Ids>,
    /// How many failed.
    pub error_count: Option<usize>,
    /// The `@shadow` policies that matched.
    pub shadow: Option<Ids>,
    /// The HTTP status; 200 for a request that passes.
    pub status: Option<u16>,
    /// Header fields: of the response, or for the upstream where the request passes.
    pub headers: Vec<(String, Field)>,
    /// Members of the dynamic metadata.
    pub metadata: Vec<(String, Value)>,
    /// What the caller is told.
    pub reason: Option<String>,
    /// The code of the answer, as in the decision log.
    pub code: Option<String>,
}

/// A set of policies that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// These and no others.
    Exactly(BTreeSet<String>),
    /// At least these.
    Contains(BTreeSet<String>),
}

/// A header field that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// This value.
    Is(String),
    /// A value that holds this.
    Contains(String),
    /// Whatever value, or none.
    Present(bool),
}
