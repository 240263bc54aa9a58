//! All parties, started on loopback ports and told where the others are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::Options;
use super::agent_provider::AgentProvider;
use super::client::Client;
use super::config::{Places, config};
use super::folder::{Folder, other_resources};
use super::gateway::{Gateway, Log};
use super::names::{AGENTS, ORDERS, ORDERS_HOST, PERSONS, server};
use super::person_server::PersonServer;
use super::serving::{Port, Served};
use super::upstream;
use crate::aauth::key::SigningKey;
use crate::agent::{Agent, AgentConfig};
use crate::authorizer::random;
use crate::authorizer::server::Running;
use crate::authorizer::telemetry::{self, TelemetryGuard};
use crate::clock::{SharedClock, SystemClock};
use crate::discovery::{Development, DiscoveryConfig, Issuers};

/// Everybody.
#[derive(Debug)]
pub(super) struct World {
    pub(super) client: Client,
    pub(super) person_server: Arc<PersonServer>,
    pub(super) decided: Log,
    clock: SharedClock,
    provider: AgentProvider,
    issuers: Issuers,
    reach: Development,
    authorizer: Running,
    grpc: SocketAddr,
    gateway: Served,
    others: [Served; 3],
    policies: PathBuf,
    decisions: PathBuf,
    _telemetry: TelemetryGuard,
    // Last, since the others write there.
    _folder: Folder,
}

impl World {
    pub(super) async fn start(options: &Options) -> anyhow::Result<Self> {
        let [agents, persons, gateway, upstream] =
            [Port::take().await?, Port::take().await?, Port::take().await?, Port::take().await?];
        let folder = Folder::create().context("cannot make a temporary folder")?;
        let (policies, schemas) = match (&options.policies, &options.schemas) {
            (Some(policies), Some(schemas)) => (policies.clone(), schemas.clone()),
            (policies, schemas) => {
                let (own_policies, own_schemas) = folder.write_samples()?;
                (policies.clone().unwrap_or(own_policies), schemas.clone().unwrap_or(own_schemas))
            }
        };
        let key = SigningKey::ed25519("orders-1", &random::seed());
        let key = folder.write("orders.pem", &key.to_pkcs8_pem()?)?;
        let decisions = folder.join("decisions.jsonl");
        let config = config(&Places {
            policies: &policies,
            schemas: &schemas,
            key: &key,
            decisions: &decisions,
            others: other_resources(&policies),
            agents: agents.url(),
            persons: persons.url(),
        })?;
        let telemetry = telemetry::start(&config.log, &config.telemetry)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let authorizer = Running::start(&config, clock.clone()).await?;
        let grpc = authorizer.grpc_address().context("the authorizer has no address")?;

        let names = [(AGENTS, &agents), (PERSONS, &persons), (ORDERS, &gateway)];
        let connect: BTreeMap<_, _> = names.map(|(name, port)| (name.to_owned(), port.url())).into();
        let reach = Development { loopback_issuers: false, connect };
        let discovery = DiscoveryConfig { development: reach.clone(), ..DiscoveryConfig::default() };
        let issuers = Issuers::new(&discovery, clock.clone())?;
        let client = Client::new()?;
        let provider = AgentProvider::new();
        let person_server = PersonServer::new(server(PERSONS)?, issuers.clone(), clock.clone());
        let proxy = Gateway::new(grpc, authorizer.http_address(), upstream.address(), client.clone())?;
        Ok(Self {
            decided: proxy.log(),
            others: [
                agents.serve(provider.router()),
                persons.serve(person_server.router()),
                upstream.serve(upstream::router()),
            ],
            gateway: gateway.serve(proxy.router()),
            client,
            person_server,
            clock,
            provider,
            issuers,
            reach,
            authorizer,
            grpc,
            policies,
            decisions,
            _telemetry: telemetry,
            _folder: folder,
        })
    }

    /// A new agent with a new key, which holds nothing but its agent token.
    pub(super) fn agent(&self) -> anyhow::Result<Agent> {
        let key = SigningKey::ed25519("agent", &random::seed());
        let agent_token = self.provider.agent_token(key.public(), self.clock.now())?;
        let config = AgentConfig {
            key,
            agent_token,
            person_server: Some(server(PERSONS)?),
            reach: self.reach.clone(),
            issuers: self.issuers.clone(),
            clock: self.clock.clone(),
            patience: Duration::from_secs(10),
        };
        Ok(Agent::new(config)?)
    }

    /// Where the gateway is.
    pub(super) fn gateway(&self) -> SocketAddr {
        self.gateway.address
    }

    /// Who is where.
    pub(super) fn introduction(&self) -> String {
        let (http, gateway) = (self.authorizer.http_address(), self.gateway.address);
        let [agents, persons, upstream] = self.others.each_ref().map(|served| served.address);
        let (grpc, policies, decisions) = (self.grpc, self.policies.display(), self.decisions.display());
        format!(
            "
  AAuth, on one machine

    agent ──▶ gateway ──▶ orders API
                 │
                 ▼
             authorizer ◀── policies

  gateway          http://{gateway}   {ORDERS}
  authorizer       grpc {grpc}      http {http}
  orders API       http://{upstream}
  agent provider   http://{agents}   {AGENTS}
  person server    http://{persons}   {PERSONS}
  policies         {policies}
  decisions        {decisions}"
        )
    }

    /// What to do now.
    pub(super) fn invitation(&self) -> String {
        let policies = self.authorizer.authorizer().policies.current().policy_count();
        let (file, gateway) = (self.policies.join("orders").join("orders.cedar"), self.gateway.address);
        format!(
            "  {policies} policies are in force. Edit {file} and press Enter to walk again, Ctrl-C to stop.
  Or call the gateway yourself: curl -i -H 'Host: {ORDERS_HOST}' http://{gateway}/v1/orders/42
",
            file = file.display()
        )
    }

    /// Stops the gateway, then what it asks.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        drop(self.gateway);
        Ok(self.authorizer.stop().await?)
    }
}
