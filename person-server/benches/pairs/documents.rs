//! The metadata and the key sets of the agent provider and of the resource, on loopback ports and a thread of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use aauth_authorizer::aauth::key::{Jwks, PublicKey};
use aauth_authorizer::aauth::metadata::Dwk;
use axum::{Json, Router, routing::get};
use serde_json::json;
use tokio::net::TcpListener;

/// Serves an issuer's until the process ends; says where.
pub(crate) fn serve(issuer: &str, dwk: Dwk, key: &PublicKey) -> SocketAddr {
    let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
    let keys = Jwks::of([key]).to_json();
    let router = Router::new()
        .route(&format!("/.well-known/{}", dwk.name()), get(async move || Json(metadata)))
        .route("/jwks", get(async move || Json(keys)));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { axum::serve(TcpListener::from_std(listener).unwrap(), router).await })
    });
    address
}
