//! The real client against real sockets on this machine.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::aauth::identifier::{IdentifierRules, ServerId};
use crate::aauth::metadata::Dwk;
use crate::discovery::client::Limits;
use crate::discovery::egress::Egress;
use crate::discovery::resolve::{Lookup, Names, Resolver};
use crate::discovery::{Development, DiscoveryConfig, NotAdmitted};

const LIMITS: Limits =
    Limits { connect: Duration::from_millis(300), total: Duration::from_millis(600), body: 64 * 1024 };

/// Serves each connection with `serve`; answers the port and a record of the request heads.
async fn server<S, F>(serve: S) -> (u16, Arc<Mutex<Vec<String>>>)
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let record = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap_or(0);
            record.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).into_owned());
            tokio::spawn(serve(stream));
        }
    });
    (port, heads)
}

/// A server with one fixed response.
async fn fixed(response: impl Into<String>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let response = response.into();
    server(move |mut stream| {
        let response = response.clone();
        async move {
            stream.write_all(response.as_bytes()).await?;
            stream.shutdown().await
        }
    })
    .await
}

fn loopback() -> DiscoveryConfig {
    let development = Development { loopback_issuers: true, ..Development::default() };
    DiscoveryConfig { development, ..DiscoveryConfig::default() }
}

fn target(config: &DiscoveryConfig, issuer: &str) -> Target {
    let issuer = ServerId::parse_under(issuer, IdentifierRules::LoopbackAllowed).unwrap();
    Egress::new(config).unwrap().admit_metadata(&issuer, Dwk::Agent).unwrap()
}

fn client(names: impl Names + 'static) -> HttpFetch {
    HttpFetch(HttpClient::new(Resolver::new(Arc::new(names), true), LIMITS, true).unwrap())
}

async fn fetch(port: u16) -> Result<Document, DiscoveryFault> {
    client(NoNames).fetch(&target(&loopback(), &format!("http://127.0.0.1:{port}"))).await
}

/// No name may be looked up.
#[derive(Debug)]
struct NoNames;

impl Names for NoNames {
    fn lookup(&self, name: &str) -> Lookup {
        panic!("`{name}` was looked up");
    }
}

#[tokio::test]
async fn a_document_with_its_cache_headers() {
    let response = "HTTP/1.1 200 OK\r\nCache-Control: public\r\nCache-Control: max-age=7\r\nAge: 2\r\n\
                    Content-Length: 2\r\n\r\n{}";
    let (port, heads) = fixed(response).await;
    let document = fetch(port).await.unwrap();
    assert_eq!(document.body, b"{}");
    assert_eq!(document.cache.lifetime(0), Some(Duration::from_secs(5)));
    let head = heads.lock().unwrap().first().unwrap().to_lowercase();
    assert!(head.starts_with("get /.well-known/aauth-agent.json http/1.1"), "{head}");
    assert!(head.contains("user-agent: aauth-authorizer/"), "{head}");
}

#[tokio::test]
async fn names_of_this_machine_need_no_lookup() {
    let (port, _) = fixed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let target = target(&loopback(), &format!("http://ps.localhost:{port}"));
    assert!(client(NoNames).fetch(&target).await.is_ok());
}

#[tokio::test]
async fn a_rerouted_request_names_the_issuers_host() {
    let (port, heads) = fixed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let connect = [("https://ps.example".to_owned(), format!("http://localhost:{port}"))].into();
    let development = Development { connect, ..Development::default() };
    let config = DiscoveryConfig { development, ..DiscoveryConfig::default() };
    assert!(client(NoNames).fetch(&target(&config, "https://ps.example")).await.is_ok());
    let head = heads.lock().unwrap().first().unwrap().to_lowercase();
    assert!(head.contains("\r\nhost: ps.example\r\n") && head.matches("host:").count() == 1, "{head}");
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let (elsewhere, visits) = fixed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    for location in ["http://169.254.169.254/latest/meta-data".to_owned(), format!("http://127.0.0.1:{elsewhere}/")] {
        let (port, _) = fixed(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(fetch(port).await, Err(DiscoveryFault::Status(302)));
    }
    assert!(visits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_huge_body_is_cut_whether_announced_or_not() {
    let too_large = Err(DiscoveryFault::TooLarge(LIMITS.body));
    let (port, _) = fixed("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{").await;
    assert_eq!(fetch(port).await, too_large);
    let (port, _) = fixed(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LIMITS.body + 1))).await;
    assert_eq!(fetch(port).await, too_large);
    let (port, _) = fixed(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LIMITS.body))).await;
    assert_eq!(fetch(port).await.unwrap().body.len(), LIMITS.body);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what is tested is that real time is bounded")]
async fn a_server_that_dawdles_is_left() {
    // Half-open: it accepts and never answers. Dripping: a byte now and then keeps the connection alive.
    let (silent, _) = server(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
        Ok(())
    })
    .await;
    let (dripping, _) = server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.write_all(b" ").await?;
        }
    })
    .await;
    for port in [silent, dripping] {
        let start = Instant::now();
        assert_eq!(fetch(port).await, Err(DiscoveryFault::TimedOut));
        assert!(start.elapsed() < LIMITS.total * 3, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn nothing_but_200_is_a_document() {
    for status in ["204 No Content", "404 Not Found", "500 Oops", "304 Not Modified"] {
        let (port, _) = fixed(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).await;
        assert!(matches!(fetch(port).await, Err(DiscoveryFault::Status(_))), "{status}");
    }
    let (port, _) = fixed("not HTTP at all\r\n\r\n").await;
    assert!(matches!(fetch(port).await, Err(DiscoveryFault::Unreachable(_))));
    let (port, _) = fixed("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{").await;
    assert!(matches!(fetch(port).await, Err(DiscoveryFault::Unreachable(_))));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(matches!(fetch(nobody).await, Err(DiscoveryFault::Unreachable(_))));
}

/// Says, by now, that every name is this machine.
#[derive(Debug)]
struct Rebound(Arc<Mutex<u32>>);

impl Names for Rebound {
    fn lookup(&self, _: &str) -> Lookup {
        *self.0.lock().unwrap() += 1;
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

#[tokio::test]
async fn a_name_that_comes_to_mean_this_machine_is_refused_at_the_connection() {
    let asked = Arc::new(Mutex::new(0));
    let target = target(&DiscoveryConfig::default(), "https://rebind.example");
    let client = client(Rebound(asked.clone()));
    for times in 1..=2 {
        let this_machine = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(client.fetch(&target).await, Err(NotAdmitted::Address(this_machine).into()));
        assert_eq!(*asked.lock().unwrap(), times, "one lookup, one verdict");
    }
}

/// Never finds anything.
#[derive(Debug)]
struct Nowhere;

impl Names for Nowhere {
    fn lookup(&self, _: &str) -> Lookup {
        Box::pin(async { Err(io::Error::other("no such name")) })
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let result = client(Nowhere).fetch(&target(&DiscoveryConfig::default(), "https://nowhere.example")).await;
    assert_eq!(result, Err(DiscoveryFault::Unreachable("its name does not resolve")));
}
