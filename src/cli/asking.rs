//! A question on the command line: who asks, and for what.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, bail};

use super::set::Set;
use crate::authorizer::kept::Request;
use crate::authorizer::rpc;
use crate::clock::{Clock as _, Seconds, SystemClock};
use crate::policy::{Call, ClaimValue, Principal, TokenFacts, TokenKind, canonical_path};
use crate::review::Question;

/// A request, and who asks it.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Asking {
    /// Who asks: `agent:aauth:robot@agents.example`, `person:https://ps.example#ada`, `key:THUMBPRINT`, `anonymous`.
    #[arg(long = "as", value_name = "CALLER")]
    caller: Option<String>,
    /// The kind of token they show [default: `agent` for an agent; `auth` for a person with a scope, else `person`].
    #[arg(long, value_name = "agent|person|auth")]
    token: Option<String>,
    /// A scope of their auth token; may be given again, or hold several.
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Who issued the token [default: the agent's provider, the person's server].
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The person's tenant.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// A group of the person.
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// A role of the person.
    #[arg(long, value_name = "NAME")]
    role: Vec<String>,
    /// A claim of the token; one that is given again has several values.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// The mission of the token.
    #[arg(long, value_name = "DIGEST")]
    mission: Option<String>,
    /// The account of the token.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The agent that made this agent.
    #[arg(long, value_name = "AGENT")]
    parent: Option<String>,
    /// A header that policies may see.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The call in the body, as JSON, where the path is served by MCP or A2A.
    #[arg(long, value_name = "JSON")]
    call: Option<String>,
    /// Where the request comes from.
    #[arg(long, value_name = "IP")]
    source_ip: Option<IpAddr>,
    /// The certificate identity of whoever is connected to the gateway.
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// When, as in `2026-01-31T09:30:00Z` [default: now].
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

impl Asking {
    /// The question of these words, for the resource of that id or else of the URL's host.
    pub(super) fn question(
        &self,
        method: &str,
        url: &str,
        resource: Option<&str>,
        set: &Set,
    ) -> anyhow::Result<Question> {
        let config = set.config.as_ref();
        let (host, path, query) = apart(url);
        let resource = resource_of(resource, host, set)?;
        let first =
            || config.and_then(|c| c.resources.iter().find(|r| r.id.as_str() == resource)?.hosts.first().cloned());
        let host = host.map(str::to_ascii_lowercase).or_else(first).unwrap_or_else(|| format!("{resource}.example"));
        let headers: anyhow::Result<_> = self.header.iter().map(|header| named(header, ':')).collect();
        let now = self.now()?;
        let (principal, token) = self.who(now)?;
        let request = Request {
            method: method.to_owned(),
            host,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers: headers?,
            source_ip: self.source_ip,
            peer: self.peer.clone(),
            call: self.call(method, path, &resource, set)?,
        };
        Ok(Question { resource, principal, token, request, now })
    }

    /// What is asked where the path is served by JSON-RPC.
    fn call(&self, method: &str, path: &str, resource: &str, set: &Set) -> anyhow::Result<Option<Call>> {
        let resources = set.config.as_ref().map(|config| config.resources.as_slice()).unwrap_or_default();
        let found = resources.iter().find(|known| known.id.as_str() == resource);
        let canonical = canonical_path(path).unwrap_or_default();
        let route = found.and_then(|resource| resource.rpc.iter().find(|route| route.path == canonical));
        match (route, &self.call) {
            (Some(route), Some(text)) => {
                let call = rpc::call(route, text).map_err(|why| anyhow::anyhow!("`--call` is no call: {why}"))?;
                Ok(Some(call))
            }
            (Some(_), None) if rpc::has_body(method) => {
                bail!("`{path}` is served by JSON-RPC; say what is called with `--call`")
            }
            (None, Some(_)) => bail!("`{path}` is not served by MCP or A2A, as far as the configuration says"),
            (Some(_) | None, None) => Ok(None),
        }
    }

    fn now(&self) -> anyhow::Result<Seconds> {
        let Some(text) = &self.now else { return Ok(SystemClock.now()) };
        let time = humantime::parse_rfc3339(text).with_context(|| format!("`{text}` is not a time"))?;
        Ok(Seconds::try_from(time.duration_since(UNIX_EPOCH)?.as_secs())?)
    }

    fn who(&self, now: Seconds) -> anyhow::Result<(Principal, Option<TokenFacts>)> {
        let caller =
            self.caller.as_deref().context("`--as` says who asks, as in `--as person:https://ps.example#ada`")?;
        let (kind, rest) = caller.split_once(':').unwrap_or((caller, ""));
        let principal = match kind {
            "agent" if !rest.is_empty() => self.agent(rest)?,
            "person" => self.person(rest)?,
            "key" if !rest.is_empty() => Principal::Key { thumbprint: rest.to_owned() },
            "anonymous" if rest.is_empty() => Principal::Anonymous,
            _ => bail!(
                "`{caller}` is no caller; write `agent:ID`, `person:SERVER#NAME`, `key:THUMBPRINT` or `anonymous`"
            ),
        };
        let token = match &principal {
            Principal::Agent { provider, .. } => Some(self.facts(TokenKind::Agent, provider, now)?),
            Principal::Person { iss, .. } => {
                let usual = if self.scope.is_empty() { TokenKind::Person } else { TokenKind::Auth };
                Some(self.facts(usual, iss, now)?)
            }
            Principal::Key { .. } | Principal::Anonymous => None,
        };
        Ok((principal, token))
    }

    fn agent(&self, id: &str) -> anyhow::Result<Principal> {
        let (_, domain) =
            id.rsplit_once('@').with_context(|| format!("`{id}` is no agent; write `aauth:NAME@HOST`"))?;
        let provider = self.issuer.clone().unwrap_or_else(|| format!("https://{domain}"));
        Ok(Principal::Agent { id: id.to_owned(), provider, parent: self.parent.clone(), ps: None })
    }

    fn person(&self, name: &str) -> anyhow::Result<Principal> {
        let (ps, sub) = name.split_once('#').with_context(|| format!("`{name}` is no person; write `SERVER#NAME`"))?;
        Ok(Principal::Person {
            iss: self.issuer.clone().unwrap_or_else(|| ps.to_owned()),
            sub: sub.to_owned(),
            ps: ps.to_owned(),
            tenant: self.tenant.clone(),
            groups: self.group.clone(),
            roles: self.role.clone(),
        })
    }

    fn facts(&self, usual: TokenKind, issuer: &str, now: Seconds) -> anyhow::Result<TokenFacts> {
        let kind = match self.token.as_deref() {
            None => usual,
            Some("agent") if usual == TokenKind::Agent => TokenKind::Agent,
            Some("person") if usual != TokenKind::Agent => TokenKind::Person,
            Some("auth") if usual != TokenKind::Agent => TokenKind::Auth,
            Some(other) => bail!("this caller has no `{other}` token"),
        };
        if kind != TokenKind::Auth && !self.scope.is_empty() {
            bail!("only an auth token has scopes; write `--token auth`");
        }
        let mut claims: BTreeMap<String, ClaimValue> = BTreeMap::new();
        for claim in &self.claim {
            let (name, value) = named(claim, '=')?;
            let value = match claims.remove(&name) {
                None => ClaimValue::One(value),
                Some(ClaimValue::One(one)) => ClaimValue::Many(vec![one, value]),
                Some(ClaimValue::Many(many)) => ClaimValue::Many(many.into_iter().chain([value]).collect()),
            };
            claims.insert(name, value);
        }
        Ok(TokenFacts {
            kind,
            issuer: issuer.to_owned(),
            jti: "explained".to_owned(),
            scopes: self.scope.iter().flat_map(|scope| scope.split([' ', ','])).map(str::to_owned).collect(),
            issued_at: now.saturating_sub(10),
            expires_at: now.saturating_add(300),
            mission: self.mission.clone(),
            account: self.account.clone(),
            tenant: self.tenant.clone(),
            key: "explained".to_owned(),
            claims,
        })
    }
}

/// Host, path and query of a URL; no host where it begins with the path.
fn apart(url: &str) -> (Option<&str>, &str, Option<&str>) {
    let (before, query) = match url.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (url, None),
    };
    let Some((_, rest)) = before.split_once("://") else { return (None, before, query) };
    match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
        Some((host, path)) => (Some(host), path, query),
        None => (Some(rest), "/", query),
    }
}

fn resource_of(named: Option<&str>, host: Option<&str>, set: &Set) -> anyhow::Result<String> {
    if let Some(id) = named {
        return Ok(id.to_owned());
    }
    let resources = set.config.as_ref().map(|config| config.resources.as_slice()).unwrap_or_default();
    let by_host = |host: &str| resources.iter().find(|resource| resource.hosts.iter().any(|own| own == host));
    if let Some(found) = host.and_then(by_host) {
        return Ok(found.id.as_str().to_owned());
    }
    match (host, resources, set.resources.as_slice()) {
        (Some(host), [_, ..], _) => bail!("no resource has the host `{host}`; name one with `--resource`"),
        (_, _, [only]) => Ok(only.clone()),
        (_, _, [] | [_, _, ..]) => bail!("which resource is it for? name it with `--resource`"),
    }
}

fn named(text: &str, separator: char) -> anyhow::Result<(String, String)> {
    let Some((name, value)) = text.split_once(separator) else {
        bail!("`{text}` is not `NAME{separator}VALUE`");
    };
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
