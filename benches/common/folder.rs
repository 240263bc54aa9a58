//! A folder with all that an authorizer reads, set up as in production: metrics, a decision log in a file, no traces.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Cast, HOST, PERSONS, RESOURCE, documents};

/// How many policies stand in one file.
const A_FILE: usize = 500;

/// The folder, and where the authorizer is to listen.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: TempDir,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Folder {
    /// A folder whose resource has so many policies.
    pub(crate) fn new(cast: &Cast, policies: usize) -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir_all(dir.path().join("policies/orders")).unwrap();
        let folder = Self { dir, grpc: free_port(), http: free_port() };
        fs::write(folder.path("orders.pem"), cast.resource.to_pkcs8_pem().unwrap()).unwrap();
        fs::write(folder.path("authorizer.yaml"), folder.configuration(cast)).unwrap();
        for first in (0..policies).step_by(A_FILE) {
            let text: String = (first..policies.min(first + A_FILE)).map(|n| policy(n, "permit")).collect();
            fs::write(folder.policies_from(first), text).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The file that holds the policies from this number on.
    pub(crate) fn policies_from(&self, first: usize) -> PathBuf {
        self.path(&format!("policies/orders/from-{first:05}.cedar"))
    }

    fn configuration(&self, cast: &Cast) -> String {
        let Self { grpc, http, .. } = self;
        let persons = documents::serve(cast.person_server.public());
        format!(
            r#"
listen: {{ grpc: "{grpc}", http: "{http}" }}
policies: {{ dir: policies, watch: true }}
development: {{ connect: {{ "{PERSONS}": "http://{persons}" }} }}
decision_log: {{ path: decisions.log }}
resources:
  - id: orders
    issuer: {RESOURCE}
    hosts: [{HOST}]
    access: {{ require: auth-token }}
    signing_key: {{ kid: rs-1, alg: Ed25519, private_key_file: orders.pem }}
    scope_descriptions: {{ orders.read: Read your orders, orders.write: Change your orders }}
    # What is measured was signed in advance.
    signature_window: 5m
    person_servers: [{{ issuer: {PERSONS} }}]
"#
        )
    }
}

/// The policy of this number. The first two are for every request; each other names a path of its own in its head.
pub(super) fn policy(number: usize, effect: &str) -> String {
    match number {
        0 => "@id(\"no-anonymous-writes\")\nforbid (principal, action in HTTP::Action::\"write\", resource)\n\
              when { principal is AAuth::Anonymous || principal is AAuth::Key };\n"
            .to_owned(),
        1 => "@id(\"readers-only\")\nforbid (principal is AAuth::Person, action, resource)\n\
              unless { context.token.scopes.contains(\"orders.read\") };\n"
            .to_owned(),
        _ => format!(
            "@id(\"c{number}\")\n@scope(\"orders.read\")\n{effect} (\n  principal is AAuth::Person,\n  \
             action in HTTP::Action::\"read\",\n  resource in HTTP::Path::\"/v1/c{number}\"\n)\n\
             when {{ context.token.scopes.contains(\"orders.read\") }};\n"
        ),
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap()
}
