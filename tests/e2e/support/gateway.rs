//! A real Envoy: one listener, the `ext_authz` filter asking the authorizer over gRPC, the sample upstream behind.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::client::get;
use super::process::{Running, installed};

/// The filter's dynamic metadata, whole, as JSON: how the upstream sees what the authorizer told the gateway.
pub(crate) const METADATA_HEADER: &str = "x-meta";

/// How an Envoy is to be configured. The defaults are the ones our documents recommend.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    authorizer: SocketAddr,
    upstream: SocketAddr,
    raw_headers: bool,
    partial_bodies: bool,
    failure_mode_allow: bool,
    patience: Duration,
    extensions: Map<String, Value>,
}

impl Gateway {
    /// A gateway that asks the one and forwards to the other.
    pub(crate) fn between(authorizer: SocketAddr, upstream: SocketAddr) -> Self {
        Self {
            authorizer,
            upstream,
            raw_headers: true,
            partial_bodies: false,
            failure_mode_allow: false,
            patience: Duration::from_secs(1),
            extensions: Map::new(),
        }
    }

    /// Header lines as they came (`header_map`), or joined by name (`headers`).
    pub(crate) fn raw_headers(mut self, on: bool) -> Self {
        self.raw_headers = on;
        self
    }

    /// Whether a body over the limit is sent cut short rather than refused with 413.
    pub(crate) fn partial_bodies(mut self, on: bool) -> Self {
        self.partial_bodies = on;
        self
    }

    /// Whether requests pass when the authorizer does not answer.
    pub(crate) fn failure_mode_allow(mut self, on: bool) -> Self {
        self.failure_mode_allow = on;
        self
    }

    /// How long it waits for the authorizer.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A context extension of the one route, for example `aauth_resource_id`.
    pub(crate) fn extension(mut self, name: &str, value: &str) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// Starts Envoy and waits until it serves.
    pub(crate) fn start(&self) -> Envoy {
        let dir = TempDir::new().unwrap();
        let config = dir.path().join("envoy.json");
        let admin = dir.path().join("admin");
        fs::write(&config, self.config().to_string()).unwrap();
        let mut command = Command::new(installed("bin/envoy"));
        command
            .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "--config-path"])
            .arg(&config)
            .arg("--admin-address-path")
            .arg(&admin);
        let mut process = Running::start("envoy", &mut command, dir.path());
        let address = process.until("serving", || listener(fs::read_to_string(&admin).ok()?.parse().ok()?));
        Envoy { address, process, _dir: dir }
    }

    fn config(&self) -> Value {
        json!({
            "admin": { "address": socket("127.0.0.1:0") },
            "static_resources": {
                "listeners": [{
                    "name": "gateway",
                    "address": socket("127.0.0.1:0"),
                    "filter_chains": [{ "filters": [typed(
                        "envoy.filters.network.http_connection_manager",
                        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        json!({
                            "stat_prefix": "gateway",
                            "route_config": { "virtual_hosts": [self.route()] },
                            "http_filters": [
                                self.ext_authz(),
                                typed(
                                    "envoy.filters.http.router",
                                    "envoy.extensions.filters.http.router.v3.Router",
                                    json!({}),
                                ),
                            ],
                        }),
                    )]}],
                }],
                "clusters": [
                    cluster("upstream", self.upstream, &json!({ "http_protocol_options": {} })),
                    cluster("authorizer", self.authorizer, &json!({ "http2_protocol_options": {} })),
                ],
            },
        })
    }

    fn route(&self) -> Value {
        let mut route = json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream", "timeout": "10s" } });
        if !self.extensions.is_empty() {
            let per_route = json!({
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
                "check_settings": { "context_extensions": self.extensions },
            });
            let settings = json!({ "envoy.filters.http.ext_authz": per_route });
            route.as_object_mut().unwrap().insert("typed_per_filter_config".to_owned(), settings);
        }
        json!({
            "name": "any",
            "domains": ["*"],
            "routes": [route],
            // A client's own is removed first: without metadata there is nothing that would overwrite it.
            "request_headers_to_remove": [METADATA_HEADER],
            "request_headers_to_add": [{
                "header": { "key": METADATA_HEADER, "value": "%DYNAMIC_METADATA(envoy.filters.http.ext_authz)%" },
            }],
        })
    }

    fn ext_authz(&self) -> Value {
        typed(
            "envoy.filters.http.ext_authz",
            "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            json!({
                "transport_api_version": "V3",
                "grpc_service": { "envoy_grpc": { "cluster_name": "authorizer" }, "timeout": seconds(self.patience) },
                "encode_raw_headers": self.raw_headers,
                "failure_mode_allow": self.failure_mode_allow,
                "clear_route_cache": false,
                "with_request_body": {
                    "max_request_bytes": 65_536,
                    "allow_partial_message": self.partial_bodies,
                    "pack_as_bytes": true,
                },
            }),
        )
    }
}

/// A running Envoy.
#[derive(Debug)]
pub(crate) struct Envoy {
    /// Where agents send their requests.
    pub(crate) address: SocketAddr,
    process: Running,
    // Dropped after the process that writes there.
    _dir: TempDir,
}

impl Envoy {
    /// Its own log.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }
}

/// The address of the one listener, once the workers have it.
fn listener(admin: SocketAddr) -> Option<SocketAddr> {
    get(admin, "/ready").filter(|ready| ready.status == 200)?;
    let listeners = get(admin, "/listeners?format=json")?.json();
    let address = listeners.pointer("/listener_statuses/0/local_address/socket_address")?;
    let port = u16::try_from(address.get("port_value")?.as_u64()?).ok()?;
    Some(SocketAddr::from(([127, 0, 0, 1], port)))
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

fn socket(address: &str) -> Value {
    let address: SocketAddr = address.parse().unwrap();
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

fn typed(name: &str, message: &str, mut config: Value) -> Value {
    let kind = format!("type.googleapis.com/{message}");
    config.as_object_mut().unwrap().insert("@type".to_owned(), kind.into());
    json!({ "name": name, "typed_config": config })
}

fn cluster(name: &str, address: SocketAddr, protocol: &Value) -> Value {
    let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(&address.to_string()) } }] }],
        },
        "typed_extension_protocol_options": {
            options: { "@type": format!("type.googleapis.com/{options}"), "explicit_http_config": protocol },
        },
    })
}
