//! A served kit, and a client that sends exactly what a test says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::{HttpListener, HttpSettings, HttpState, HttpTls, Readiness, ServeError, router};
use crate::aauth::digest::sha256_field;
use crate::aauth::key::SigningKey;
use crate::aauth::message::{Fields, Message};
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::{self, Signer};
use crate::authorizer::resource::{AccessMode, Resource};
use crate::authorizer::testkit::{self, HOST, Kit, NOW, RESOURCE};

/// A kit whose HTTP side runs.
pub(super) struct Served {
    pub(super) kit: Kit,
    pub(super) address: SocketAddr,
    pub(super) readiness: Readiness,
    pub(super) stop: Option<oneshot::Sender<()>>,
    pub(super) ended: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    /// With metadata as configuration makes it, and whatever else the test changes.
    pub(super) fn with(change: impl FnOnce(&mut Resource)) -> Self {
        let kit = Kit::with(AccessMode::AuthToken, testkit::PERMIT_ALL, |resource| {
            resource.metadata.jwks_uri = Some(format!("{RESOURCE}/.well-known/jwks.json"));
            resource.metadata.authorization_endpoint = Some(format!("{RESOURCE}/authorize"));
            resource.metadata.revocation_endpoint = Some(format!("{RESOURCE}/revoke"));
            resource.metadata.scope_descriptions = resource.scope_descriptions.clone();
            change(resource);
        });
        Self::serving(kit, |_| ())
    }

    /// Under TLS.
    pub(super) fn under(tls: HttpTls) -> Self {
        Self::listening(Kit::new(AccessMode::AuthToken), Some(tls), |_| ())
    }

    /// A kit behind a listener that the test may change.
    pub(super) fn serving(kit: Kit, change: impl FnOnce(&mut HttpListener)) -> Self {
        Self::listening(kit, None, change)
    }

    fn listening(kit: Kit, tls: Option<HttpTls>, change: impl FnOnce(&mut HttpListener)) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = HttpSettings { address, tls, drain: Duration::from_secs(1) };
        let mut listener = HttpListener::bind(&settings).unwrap();
        change(&mut listener);
        let address = listener.address();
        let readiness = Readiness::default();
        let metrics = Arc::new(|| "# TYPE up gauge\nup 1\n".to_owned());
        let state = HttpState::new(Arc::clone(&kit.authorizer), metrics, readiness.clone());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let patience = listener.patience;
        let ended = tokio::spawn(listener.serve(router(state, patience), shutdown));
        Self { kit, address, readiness, stop: Some(stop), ended }
    }

    /// Sends a message with a body, and reads the answer.
    pub(super) async fn send(&self, message: &Message, body: &[u8]) -> Reply {
        let query = message.query().map(|query| format!("?{query}")).unwrap_or_default();
        let first = format!("{} {}{query} HTTP/1.1\r\n", message.method(), message.path());
        let host = [("host", message.authority().as_bytes())];
        let line = |(name, value): (&str, &[u8])| format!("{name}: {}\r\n", String::from_utf8_lossy(value));
        let fields: String = host.into_iter().chain(message.fields().iter()).map(line).collect();
        let head = format!("{first}{fields}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        self.send_raw(&[head.as_bytes(), body].concat()).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(&testkit::request("GET", path), b"").await
    }

    /// Sends bytes and reads until the server closes.
    pub(super) async fn send_raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        // A server that closes over unread bytes resets the connection; what it answered came before.
        let _ = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the server closes");
        Reply::parse(&answer)
    }
}

/// A response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let split = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&bytes[..split]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { status, headers: lines.filter_map(header).collect(), body: bytes[split + 4..].to_vec() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of problem details that nobody may store.
    pub(super) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let body = self.json();
        assert_eq!(body["status"], self.status);
        (self.status, body["error"].as_str().unwrap().to_owned())
    }
}

/// A POST with a JSON body, its digest and its type.
pub(super) fn post(path: &str, body: &[u8]) -> Message {
    let fields = [("content-type", "application/json".to_owned()), ("content-digest", sha256_field(body))];
    let lines = fields.map(|(name, value)| (name.to_owned(), value.into_bytes()));
    Message::request("POST", "https", HOST, path, Fields::lines(lines))
}

/// The message with a signature of anybody's, over the base components and these.
pub(super) fn signed_by(message: &Message, covering: &[&str], signer: Signer<'_>, key: &SigningKey) -> Message {
    let headers = signing::sign(message, covering, signer, key, NOW).unwrap();
    with_fields(message, &headers.into_pairs())
}

/// The message as an issuer signs it.
pub(super) fn signed_by_server(message: &Message, issuer: &str, dwk: Dwk) -> Message {
    let (id, key) = (testkit::server(issuer), testkit::issuer_key(issuer));
    signed_by(message, &["content-digest", "content-type"], Signer::Server { id: &id, dwk }, &key)
}

/// The message with these fields in place of its own of the same names.
pub(super) fn with_fields(message: &Message, fields: &[(&'static str, String)]) -> Message {
    let old = message.fields().iter().filter(|(name, _)| !fields.iter().any(|(new, _)| new == name));
    let mut lines: Vec<_> = old.map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    lines.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())));
    message.clone().with_fields(Fields::lines(lines))
}
