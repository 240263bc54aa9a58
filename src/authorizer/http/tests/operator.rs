//! The operator's pages.

use std::fs;

use super::support::Served;
use crate::aauth::message::{Fields, Message};

/// They answer whatever host they are asked under; probes know none.
#[tokio::test]
async fn operator_pages_need_no_host() {
    let served = Served::new();
    for path in ["/health", "/livez", "/readyz", "/metrics", "/status"] {
        let message = Message::request("GET", "http", "10.0.0.1:8081", path, Fields::default());
        let reply = served.send(&message, b"").await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{path}");
        let posted = Message::request("POST", "http", "10.0.0.1:8081", path, Fields::default());
        assert_eq!(served.send(&posted, b"").await.problem(), (405, "method_not_allowed".into()));
    }
    let bare = served.send_raw(b"GET /livez HTTP/1.0\r\n\r\n").await;
    assert_eq!((bare.status, bare.json()["status"].as_str()), (200, Some("ok")));
}

#[tokio::test]
async fn metrics_are_the_registrys_text() {
    let reply = Served::new().get("/metrics").await;
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(reply.body, b"# TYPE up gauge\nup 1\n");
}

#[tokio::test]
async fn a_process_that_drains_is_alive_but_not_ready() {
    let served = Served::new();
    assert_eq!(served.get("/readyz").await.json()["status"], "ready");
    served.readiness.drain();
    let reply = served.get("/readyz").await;
    assert_eq!((reply.status, reply.json()["draining"].as_bool()), (503, Some(true)));
    assert_eq!(served.get("/livez").await.status, 200);
}

/// A broken edit is told with its place; what was in force stays, and the process stays ready.
#[tokio::test]
async fn status_names_the_place_of_a_broken_policy() {
    let served = Served::new();
    let before = served.get("/status").await.json();
    assert_eq!(before["policies"]["last_reload_error"], serde_json::Value::Null);
    assert_eq!(before["resources"][0]["id"], "orders");
    assert_eq!(before["version"], env!("CARGO_PKG_VERSION"));

    let file = served.kit.policies.path().join("orders/test.cedar");
    fs::write(&file, "@id(\"all\")\npermit (principal, action, resource) wehn { true };").unwrap();
    served.kit.authorizer.policies.reload();
    let after = served.get("/status").await.json();
    let fault = &after["policies"]["last_reload_error"]["faults"][0];
    assert_eq!(fault["file"], file.to_str().unwrap());
    assert_eq!(fault["line"], 2);
    let at = format!("{}:2:{}", file.display(), fault["column"]);
    assert_eq!(fault["at"], at);
    assert!(fault["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(after["policies"]["generation"], before["policies"]["generation"]);
    assert_eq!(after["policies"]["content_hash"], before["policies"]["content_hash"]);
    let ready = served.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["policies"]["stale"].as_bool()), (200, Some(true)));
}

#[tokio::test]
async fn status_holds_no_secret() {
    let served = Served::new();
    let status = String::from_utf8(served.get("/status").await.body).unwrap();
    let key = served.kit.authorizer.resources.by_id("orders").unwrap().signing_key.as_ref().unwrap().to_pkcs8_pem();
    let secret = key.unwrap();
    assert!(secret.lines().filter(|line| !line.starts_with("--")).all(|line| !status.contains(line)));
}
