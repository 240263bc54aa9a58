//! From the file to what the program goes by. Everything that is wrong is told at once, each with its place.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::clock::Seconds;
use aauth_authorizer::discovery::{Development, DiscoveryConfig};

use super::file::{self, File};
use super::settings::{Limits, Providers, Settings};
use super::{Config, ListenConfig, LogConfig, Overrides, TlsFiles};
use crate::governance::GovernanceConfig;
use crate::store::StoreConfig;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConfig(Vec<String>);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for InvalidConfig {}

/// The longest that an agent token may last.
const DAY: Duration = Duration::from_hours(24);

/// Reads a file.
pub fn read(path: &Path, overrides: &Overrides) -> Result<Config, InvalidConfig> {
    let text = fs::read_to_string(path)
        .map_err(|error| InvalidConfig(vec![format!("`{}` cannot be read: {error}", path.display())]))?;
    parse(&text, path, overrides)
}

/// Reads the text of a file. Paths in it are relative to where it is.
pub fn parse(text: &str, path: &Path, overrides: &Overrides) -> Result<Config, InvalidConfig> {
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(":{}:{}", at.line(), at.column())).unwrap_or_default();
        // The first line says what is wrong; the others draw the place, which is told already.
        let whole = error.without_snippet().to_string();
        InvalidConfig(vec![format!("{}{place}: {}", path.display(), whole.lines().next().unwrap_or_default())])
    })?;
    let mut faults = Faults { path, found: Vec::new() };
    let config = faults.config(file, overrides);
    if faults.found.is_empty() { Ok(config) } else { Err(InvalidConfig(faults.found)) }
}

/// Collects what is wrong.
struct Faults<'a> {
    path: &'a Path,
    found: Vec<String>,
}

impl Faults<'_> {
    fn note(&mut self, key: &str, why: impl fmt::Display) {
        self.found.push(format!("{}: `{key}`: {why}", self.path.display()));
    }

    fn config(&mut self, file: File, overrides: &Overrides) -> Config {
        let development = Development {
            loopback_issuers: file.development.loopback_issuers,
            connect: file.development.connect.clone(),
        };
        let discovery = DiscoveryConfig { development, ..DiscoveryConfig::default() };
        let settings = self.settings(&file, &discovery, overrides);
        let store = self.store(&file.database, overrides);
        let audit = file.retention.audit.unwrap_or(Duration::from_hours(24 * 365));
        Config {
            settings,
            store,
            discovery,
            keys_dir: self.relative(&file.keys.dir),
            governance: GovernanceConfig {
                policies_dir: file.policies.dir.as_deref().map(|dir| self.relative(dir)),
                schemas_dir: file.policies.schemas.as_deref().map(|dir| self.relative(dir)),
            },
            watch_policies: file.policies.watch,
            listen: ListenConfig {
                address: overrides.listen.unwrap_or(file.listen.http),
                tls: file.listen.tls.map(|tls| TlsFiles {
                    certificate: self.relative(&tls.certificate_file),
                    key: self.relative(&tls.key_file),
                }),
                drain: file.listen.drain.unwrap_or(Duration::from_secs(10)),
                connections: file.limits.connections.unwrap_or(4096),
            },
            audit_kept: whole_seconds(audit),
            log: LogConfig { filter: file.log.filter.unwrap_or_else(|| "info".to_owned()), json: file.log.json },
        }
    }

    fn settings(&mut self, file: &File, discovery: &DiscoveryConfig, overrides: &Overrides) -> Settings {
        let identifiers = discovery.development.identifier_rules();
        let issuer = overrides.issuer.as_ref().unwrap_or(&file.issuer);
        let issuer = ServerId::parse_under(issuer, identifiers).unwrap_or_else(|fault| {
            self.note("issuer", &fault);
            placeholder()
        });
        let mut agent_providers = Providers::default();
        for (at, party) in file.agent_providers.iter().enumerate() {
            if party.issuer == "*" {
                agent_providers.any = true;
                continue;
            }
            match ServerId::parse_under(&party.issuer, identifiers) {
                Ok(id) => drop(agent_providers.listed.insert(id)),
                Err(fault) => self.note(&format!("agent_providers[{at}].issuer"), fault),
            }
        }
        let lifetime = file.agent_tokens.lifetime.unwrap_or(DAY);
        if lifetime > DAY || lifetime.is_zero() {
            self.note("agent_tokens.lifetime", "must be between `1s` and `24h`, as agents' tokens must");
        }
        let window = file.signature_window.unwrap_or(Duration::from_mins(1));
        if window.is_zero() || window > Duration::from_mins(5) {
            self.note("signature_window", "must be between `1s` and `5m`");
        }
        let defaults = Limits::default();
        Settings {
            name: file.name.clone().unwrap_or_else(|| format!("Person server {}", issuer.host())),
            issuer,
            identifiers,
            agent_providers,
            signature_window: whole_seconds(window),
            pending_ttl: self.within("pending.ttl", file.pending.ttl, 600, 30..=86_400),
            poll_interval: self.within("pending.poll_interval", file.pending.poll_interval, 5, 1..=60),
            agent_token_lifetime: whole_seconds(lifetime),
            limits: Limits {
                pending_per_asker: file.limits.pending_per_asker.unwrap_or(defaults.pending_per_asker),
                pending_per_person: file.limits.pending_per_person.unwrap_or(defaults.pending_per_person),
                resources_per_hour: file.limits.resources_per_hour.unwrap_or(defaults.resources_per_hour),
                enrollments_waiting: file.limits.enrollments_waiting.unwrap_or(defaults.enrollments_waiting),
                enrollments_per_minute: file.limits.enrollments_per_minute.unwrap_or(defaults.enrollments_per_minute),
                subagents_per_agent: file.limits.subagents_per_agent.unwrap_or(defaults.subagents_per_agent),
            },
        }
    }

    fn within(
        &mut self,
        key: &str,
        given: Option<Duration>,
        usual: Seconds,
        bounds: std::ops::RangeInclusive<Seconds>,
    ) -> Seconds {
        let seconds = given.map_or(usual, whole_seconds);
        if !bounds.contains(&seconds) {
            self.note(key, format!("must be between {} s and {} s", bounds.start(), bounds.end()));
        }
        seconds
    }

    fn store(&mut self, database: &file::Database, overrides: &Overrides) -> StoreConfig {
        let from_file = database.url_file.as_deref().map(|file| fs::read_to_string(self.relative(file)));
        if database.url.is_some() && from_file.is_some() {
            self.note("database", "has both `url` and `url_file`: keep one");
        }
        let url = match (overrides.database.as_ref().or(database.url.as_ref()), from_file) {
            (Some(url), _) => url.clone(),
            (None, Some(Ok(url))) => url.trim().to_owned(),
            (None, Some(Err(error))) => {
                self.note("database.url_file", format!("cannot be read: {error}"));
                String::new()
            }
            (None, None) => "sqlite://person-server.db".to_owned(),
        };
        // A relative SQLite path is relative to the file, as every path is.
        let url = match url.strip_prefix("sqlite://") {
            Some(path) if overrides.database.is_none() => {
                format!("sqlite://{}", self.relative(Path::new(path)).display())
            }
            Some(_) | None => url,
        };
        let mut store = StoreConfig::at(url);
        if let Some(connections) = database.connections {
            if connections == 0 || connections > 200 {
                self.note("database.connections", "must be between 1 and 200");
            }
            store.connections = connections;
        }
        store
    }

    fn relative(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// Stands for an identifier that was told to be wrong, until all else has been looked at.
fn placeholder() -> ServerId {
    #[expect(clippy::expect_used, reason = "INVARIANT: a literal that is an identifier")]
    ServerId::parse("https://invalid.example").expect("a valid identifier")
}

fn whole_seconds(duration: Duration) -> Seconds {
    Seconds::try_from(duration.as_secs()).unwrap_or(Seconds::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Config, String> {
        parse(text, Path::new("/etc/ps/person-server.yaml"), &Overrides::default()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_issuer_is_enough() {
        let config = parsed("issuer: https://ps.example").unwrap();
        assert_eq!(config.store.url, "sqlite:///etc/ps/person-server.db");
        assert_eq!(config.keys_dir, Path::new("/etc/ps/keys"));
        assert_eq!(config.listen.address.to_string(), "127.0.0.1:8765");
        assert!(!config.settings.agent_providers.any);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let told = parsed(
            "issuer: http://ps.example\nagent_tokens: { lifetime: 25h }\nagent_providers: [{ issuer: nobody }]\n\
             pending: { ttl: 1s }\ndatabase: { url: 'sqlite://x', url_file: y }\n",
        )
        .unwrap_err();
        assert_eq!(told.lines().count(), 5, "{told}");
        for key in ["`issuer`", "`agent_tokens.lifetime`", "`agent_providers[0].issuer`", "`pending.ttl`", "`database`"]
        {
            assert!(told.contains(key), "{key} in {told}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place() {
        let told = parsed("issuer: https://ps.example\nlisten:\n  htpp: 127.0.0.1:1\n").unwrap_err();
        assert!(told.starts_with("/etc/ps/person-server.yaml:3:3: "), "{told}");
        assert!(told.contains("htpp") && told.contains("http"), "{told}");
        let told = parsed("issuer: https://ps.example\npending: { ttl: soon }").unwrap_err();
        assert!(told.contains(":2:") && told.contains("`soon` is not a duration"), "{told}");
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let overrides = Overrides {
            issuer: Some("https://other.example".into()),
            database: Some("postgres://db/ps".into()),
            listen: Some("127.0.0.1:1234".parse().unwrap()),
        };
        let config = parse("issuer: https://ps.example", Path::new("x.yaml"), &overrides).unwrap();
        assert_eq!(config.settings.issuer.as_str(), "https://other.example");
        assert_eq!((config.store.url.as_str(), config.listen.address.port()), ("postgres://db/ps", 1234));
    }
}
