//! A resource: our authorizer behind a real Envoy, and a sample application behind that. It trusts the person server
//! for persons and for agents.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use aauth_authorizer::aauth::key::SigningKey;
use aauth_authorizer::authorizer::config::Config;
use aauth_authorizer::authorizer::server::Running;
use aauth_authorizer::clock::SystemClock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::gateway::{Envoy, Gateway};
use super::upstream::Upstream;
use super::{ORDERS, PS};

/// Everything that has to run for a call to reach the application.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Where agents call.
    pub(crate) gateway: Envoy,
    /// Where its metadata, its keys and its revocation endpoint are.
    pub(crate) published: SocketAddr,
    _authorizer: Running,
    // What serves it.
    _runtime: Runtime,
    _dir: TempDir,
}

impl Resource {
    /// Starts it; the person server need not be there yet.
    pub(crate) fn start(person_server: SocketAddr) -> Self {
        let dir = TempDir::new().unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
        for file in ["orders/orders.cedar", "_all/guard-rails.cedar"] {
            let to = dir.path().join("policies").join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(folder.join(file), to).unwrap();
        }
        let key = SigningKey::ed25519("rs-1", &[13; 32]);
        fs::write(dir.path().join("orders.pem"), key.to_pkcs8_pem().unwrap()).unwrap();
        let file = dir.path().join("authorizer.yaml");
        fs::write(&file, configuration(dir.path(), person_server)).unwrap();
        let (config, _) = Config::load(&file).unwrap_or_else(|errors| panic!("{errors}"));

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let authorizer = runtime.block_on(Running::start(&config, Arc::new(SystemClock))).unwrap();
        let upstream = Upstream::start();
        let gateway = Gateway::between(authorizer.grpc_address().unwrap(), upstream.address).start();
        let published = authorizer.http_address();
        Self { gateway, published, _authorizer: authorizer, _runtime: runtime, _dir: dir }
    }
}

fn configuration(dir: &Path, person_server: SocketAddr) -> String {
    let dir = dir.display();
    format!(
        "listen: {{ grpc: '127.0.0.1:0', http: '127.0.0.1:0' }}\n\
         policies: {{ dir: '{dir}/policies', watch: false }}\n\
         development: {{ connect: {{ '{PS}': 'http://{person_server}' }} }}\n\
         decision_log: {{ path: 'off' }}\n\
         resources:\n\
         \x20 - id: orders\n\
         \x20   issuer: {ORDERS}\n\
         \x20   hosts: [orders.example]\n\
         \x20   access: {{ require: agent-token }}\n\
         \x20   signing_key: {{ kid: rs-1, alg: Ed25519, private_key_file: '{dir}/orders.pem' }}\n\
         \x20   scope_descriptions: {{ orders.read: Read your orders, orders.write: Change your orders }}\n\
         \x20   agent_servers: [{{ issuer: {PS} }}]\n\
         \x20   person_servers: [{{ issuer: {PS} }}]\n"
    )
}
