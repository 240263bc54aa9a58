//! All parties, started on loopback ports and told where the others are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::Options;
use super::ada::Ada;
use super::client::Client;
use super::config::{Places, config};
use super::folder::{Folder, other_resources};
use super::gateway::{Gateway, Log};
use super::names::{ORDERS, ORDERS_HOST, PERSONS, server};
use super::person_server::{self, PersonServer};
use super::serving::{Port, Served};
use super::upstream;
use crate::aauth::key::SigningKey;
use crate::agent::enroll::{AgentKeys, Credentials, EnrollConfig, Enrollment};
use crate::agent::{Agent, AgentConfig};
use crate::authorizer::random;
use crate::authorizer::server::Running;
use crate::authorizer::telemetry::{self, TelemetryGuard};
use crate::clock::{SharedClock, SystemClock};
use crate::discovery::{Development, DiscoveryConfig, Issuers};

/// How long the agent waits for Ada.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Everybody.
#[derive(Debug)]
pub(super) struct World {
    pub(super) client: Client,
    pub(super) ada: Ada,
    pub(super) decided: Log,
    clock: SharedClock,
    issuers: Issuers,
    reach: Development,
    authorizer: Running,
    grpc: SocketAddr,
    gateway: Served,
    upstream: Served,
    person_server: PersonServer,
    policies: PathBuf,
    decisions: PathBuf,
    _telemetry: TelemetryGuard,
    // Last, since the others write there.
    _folder: Folder,
}

impl World {
    pub(super) async fn start(options: &Options) -> anyhow::Result<Self> {
        let program = person_server::find(options.person_server.as_deref())?;
        let [gateway, upstream] = [Port::take().await?, Port::take().await?];
        let folder = Folder::create().context("cannot make a temporary folder")?;
        let (policies, schemas) = match (&options.policies, &options.schemas) {
            (Some(policies), Some(schemas)) => (policies.clone(), schemas.clone()),
            (policies, schemas) => {
                let (own_policies, own_schemas) = folder.write_samples()?;
                (policies.clone().unwrap_or(own_policies), schemas.clone().unwrap_or(own_schemas))
            }
        };
        let (person_server, setup_token) = PersonServer::start(&program, &folder, &gateway.url()).await?;
        let key = SigningKey::ed25519("orders-1", &random::seed());
        let key = folder.write("orders.pem", &key.to_pkcs8_pem()?)?;
        let decisions = folder.join("decisions.jsonl");
        let config = config(&Places {
            policies: &policies,
            schemas: &schemas,
            key: &key,
            decisions: &decisions,
            others: other_resources(&policies),
            persons: person_server.url(),
        })?;
        let telemetry = telemetry::start(&config.log, &config.telemetry)?;
        let clock: SharedClock = Arc::new(SystemClock);
        let authorizer = Running::start(&config, clock.clone()).await?;
        let grpc = authorizer.grpc_address().context("the authorizer has no address")?;

        let names = [(PERSONS, person_server.url()), (ORDERS, gateway.url())];
        let connect: BTreeMap<_, _> = names.map(|(name, url)| (name.to_owned(), url)).into();
        let reach = Development { loopback_issuers: false, connect };
        let discovery = DiscoveryConfig { development: reach.clone(), ..DiscoveryConfig::default() };
        let issuers = Issuers::new(&discovery, clock.clone())?;
        let client = Client::new()?;
        let ada = Ada::set_up(client.clone(), person_server.address, &setup_token).await?;
        let proxy = Gateway::new(grpc, authorizer.http_address(), upstream.address(), client.clone())?;
        Ok(Self {
            decided: proxy.log(),
            upstream: upstream.serve(upstream::router()),
            gateway: gateway.serve(proxy.router()),
            client,
            ada,
            person_server,
            clock,
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

    /// A new key that is no agent's yet, before the provider.
    pub(super) fn stranger(&self) -> anyhow::Result<Enrollment> {
        Ok(Enrollment::new(EnrollConfig {
            provider: server(PERSONS)?,
            keys: AgentKeys::Single(SigningKey::ed25519("agent", &random::seed())),
            reach: self.reach.clone(),
            clock: self.clock.clone(),
        })?)
    }

    /// The agent that an enrolment led to, which holds nothing but its agent token.
    pub(super) fn agent(&self, enrolled: &Enrollment, credentials: &Credentials) -> anyhow::Result<Agent> {
        let config = AgentConfig {
            key: enrolled.signing_key().clone(),
            agent_token: credentials.agent_token.clone(),
            person_server: Some(server(PERSONS)?),
            reach: self.reach.clone(),
            issuers: self.issuers.clone(),
            clock: self.clock.clone(),
            patience: PATIENCE,
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
        let (persons, upstream) = (self.person_server.address, self.upstream.address);
        let (grpc, policies, decisions) = (self.grpc, self.policies.display(), self.decisions.display());
        let log = self.person_server.log.display();
        format!(
            "
  AAuth, on one machine

    agent ──▶ gateway ──▶ orders API
      │          │
      │          ▼
      │      authorizer ◀── policies
      ▼
    person server ◀── Ada

  gateway          http://{gateway}   {ORDERS}
  authorizer       grpc {grpc}      http {http}
  orders API       http://{upstream}
  person server    http://{persons}   {PERSONS}
  its log          {log}
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

    /// Stops the gateway, then what it asks, then the person server, which ends by being dropped.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        drop(self.gateway);
        Ok(self.authorizer.stop().await?)
    }
}
