//! Which set of policies a command is about: that of a configuration, or a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use crate::authorizer::config::{Config, read_bounded};
use crate::policy::{LoadErrors, PolicyStore, Snapshot, StoreConfig};

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Source {
    /// The configuration whose resources and policies are meant.
    #[arg(long, short, env = "AAUTH_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The folder of policies [default: the configuration's, else `policies`].
    #[arg(long, value_name = "DIR")]
    pub(super) policies: Option<PathBuf>,
    /// The folder of schemas [default: the configuration's, else `schemas` beside the policies].
    #[arg(long, value_name = "DIR")]
    pub(super) schemas: Option<PathBuf>,
}

/// A set of policies, and the configuration that it is of.
pub(super) struct Set {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) config: Option<Config>,
    /// The ids of the resources there are.
    pub(super) resources: Vec<String>,
}

impl Source {
    /// Loads the policies; `known` are resources that there are besides those configured and those with a folder.
    pub(super) fn open(&self, known: impl IntoIterator<Item = String>) -> anyhow::Result<Set> {
        let config = self.config.as_deref().map(parse).transpose()?;
        let store = self.store(config.as_ref(), known);
        let resources = store.resources.clone();
        let snapshot = PolicyStore::open(store).map_err(|errors| anyhow::anyhow!(each(&errors)))?.current();
        Ok(Set { snapshot, config, resources })
    }

    fn store(&self, config: Option<&Config>, known: impl IntoIterator<Item = String>) -> StoreConfig {
        let beside = |path: &Path| {
            let folder = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            if folder.join(path).exists() { folder.join(path) } else { path.to_owned() }
        };
        let configured = config.map(|config| beside(&config.policies.dir));
        let policies_dir = self.policies.clone().or(configured).unwrap_or_else(|| "policies".into());
        let schemas = self.schemas.clone().or_else(|| config.map(|config| beside(&config.policies.schemas)));
        let schemas_dir = schemas.unwrap_or_else(|| policies_dir.parent().unwrap_or(Path::new("")).join("schemas"));
        let mut resources = folders(&policies_dir);
        resources.extend(config.iter().flat_map(|c| &c.resources).map(|resource| resource.id.as_str().to_owned()));
        resources.extend(known);
        resources.sort();
        resources.dedup();
        StoreConfig { policies_dir, schemas_dir, resources }
    }
}

/// Reads a configuration without looking for the keys and certificates that it names: they may well be elsewhere.
fn parse(file: &Path) -> anyhow::Result<Config> {
    let name = file.display().to_string();
    let text = read_bounded(file).with_context(|| format!("`{name}` cannot be read"))?;
    Ok(Config::parse(&text, &name)?.0)
}

/// The folders of policies, which are called like resources.
fn folders(policies: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(policies).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "_all" && !name.starts_with('.')).collect()
}

/// Every fault, on a line of its own.
fn each(errors: &LoadErrors) -> String {
    let lines: Vec<_> = errors.faults().iter().map(ToString::to_string).collect();
    format!("the policies cannot be used:\n{}", lines.join("\n"))
}
