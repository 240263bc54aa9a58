//! Hosts, and what one peer may hold of the listener.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::support::Served;
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{Kit, PERMIT_ALL};

const DOCUMENT: &str = "/.well-known/aauth-resource.json";

fn get(host: &str) -> String {
    format!("GET {DOCUMENT} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_resource_is_found_by_its_host() {
    let served = Served::new();
    for host in ["orders.example", "ORDERS.example", "orders.example:443", "orders.example:8081"] {
        assert_eq!(served.send_raw(get(host).as_bytes()).await.status, 200, "{host}");
    }
    for host in ["other.example", "orders.example.evil.example", "127.0.0.1", ""] {
        assert_eq!(served.send_raw(get(host).as_bytes()).await.problem(), (404, "not_found".into()), "{host}");
    }
    let two =
        format!("GET {DOCUMENT} HTTP/1.1\r\nhost: orders.example\r\nhost: other.example\r\nconnection: close\r\n\r\n");
    assert_eq!(served.send_raw(two.as_bytes()).await.problem(), (404, "not_found".into()));
    // RFC 9112, section 3.2.2: the target in absolute form counts, not `Host`.
    let absolute =
        format!("GET http://other.example{DOCUMENT} HTTP/1.1\r\nhost: orders.example\r\nconnection: close\r\n\r\n");
    assert_eq!(served.send_raw(absolute.as_bytes()).await.problem(), (404, "not_found".into()));
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let served = Served::new();
    for path in
        ["/", "/.well-known/", "/.well-known/aauth-resource.json/", "/authorize/", "//authorize", "/%61uthorize"]
    {
        assert_eq!(served.get(path).await.problem(), (404, "not_found".into()), "{path}");
    }
}

/// The kit's resource, with an authorization endpoint.
fn kit() -> Kit {
    Kit::with(AccessMode::AuthToken, PERMIT_ALL, |resource| {
        resource.metadata.authorization_endpoint = Some("https://orders.example/authorize".into());
    })
}

/// Whether the server hangs up within a few seconds.
async fn hangs_up(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn slow_and_idle_peers_are_hung_up_on() {
    let served = Served::serving(kit(), |listener| listener.patience = Duration::from_millis(300));
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET /livez HTTP/1.1\r\nhost: a").await.unwrap();
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let body = b"POST /authorize HTTP/1.1\r\nhost: orders.example\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{";
    assert_eq!(served.send_raw(body).await.problem(), (408, "request_timeout".into()));
    assert!(hangs_up(&mut silent).await);
    assert!(hangs_up(&mut half).await);
    assert!(hangs_up(&mut idle).await);
}

/// Beyond the bound connections are closed, not queued; a place that is given back is taken again.
#[tokio::test]
async fn connections_are_bounded() {
    let served = Served::serving(kit(), |listener| listener.connections = 2);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream.read_exact(&mut [0; 12]).await.unwrap();
        held.push(stream);
    }
    let mut third = TcpStream::connect(served.address).await.unwrap();
    assert!(hangs_up(&mut third).await);
    held.clear();
    let mut again = false;
    for _ in 0..50 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
        again = stream.read_exact(&mut [0; 12]).await.is_ok();
        if again {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(again);
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let served = Served::new();
    let head = format!("GET /livez HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(200 * 1024));
    assert_eq!(served.send_raw(head.as_bytes()).await.status, 431);
}

/// Draining: no new connections, idle ones end, and the server comes back within its time.
#[tokio::test]
async fn shutting_down_ends_within_the_drain_time() {
    let mut served = Served::new();
    assert_eq!(served.get("/livez").await.status, 200);
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"POST /authorize HTTP/1.1\r\nhost: orders.example\r\ncontent-length: 10\r\n\r\n").await.unwrap();
    served.stop.take().unwrap().send(()).unwrap();
    let ended = timeout(Duration::from_secs(5), &mut served.ended).await.expect("within the drain time");
    ended.unwrap().unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}
