use std::sync::Mutex;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::testing::key;
use super::super::{Development, NotAdmitted};
use super::*;
use crate::aauth::identifier::IdentifierRules;
use crate::aauth::key::Jwks;
use crate::aauth::signature::{SignatureRules, SignedRequest};
use crate::aauth::verify;
use crate::clock::FixedClock;

const NOW: i64 = 1_000_000;
const TOKEN: &str = "https://as.example/token";
const WITHIN: Duration = Duration::from_millis(500);

fn server(id: &str) -> ServerId {
    ServerId::parse_under(id, IdentifierRules::LoopbackAllowed).unwrap()
}

/// One answer, and a record of what was asked.
#[derive(Debug, Default)]
struct Script {
    answer: ServerResponse,
    asked: Mutex<Vec<Signed>>,
}

impl Script {
    fn answers(status: u16, location: Option<&str>) -> Arc<Self> {
        let headers = location.map(|location| ("location".to_owned(), location.to_owned()));
        let answer = ServerResponse { status, headers: headers.into_iter().collect(), ..ServerResponse::default() };
        Arc::new(Self { answer, asked: Mutex::default() })
    }

    fn last(&self) -> Signed {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

impl Exchange for Script {
    fn exchange(&self, request: Signed, _: Duration) -> Exchanging<'_> {
        self.asked.lock().unwrap().push(request);
        Box::pin(async { Ok(self.answer.clone()) })
    }
}

/// Asks the access server, as the person server.
async fn ask(outgoing: &Outgoing, url: &str, body: Option<&Value>) -> Result<ServerResponse, DiscoveryFault> {
    let (to, id, key) = (server("https://as.example"), server("https://ps.example"), key("ps-1", "ps"));
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = ServerRequest { to: &to, url, method, body, prefer_wait: Some(45) };
    outgoing.send(request, Identity { id: &id, dwk: Dwk::Person, key: &key }, WITHIN).await
}

fn outgoing(config: &DiscoveryConfig, script: &Arc<Script>) -> Outgoing {
    Outgoing::with_exchange(config, Arc::new(FixedClock::at(NOW)), script.clone()).unwrap()
}

/// Whether the other server would believe it, under rules that ask for a covered body.
fn believed(signed: &Signed, authority: &str, target: &str) -> bool {
    let headers = signed.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let message = Message::request(&signed.method, "https", authority, target, Fields::lines(headers));
    let rules = SignatureRules { schemes: crate::aauth::signature::Scheme::ALL.to_vec(), ..SignatureRules::default() };
    let read = SignedRequest::read(&message, &rules, NOW).unwrap().unwrap();
    let key = key("ps-1", "ps");
    let from = server("https://ps.example");
    let covered = signed.body.is_empty() || (read.covers("content-digest") && read.covers("content-type"));
    let digest = message.fields().text("content-digest");
    let intact = digest.is_none_or(|digest| digest::matches(&digest, &signed.body).is_ok());
    let proved = verify::request_of_server(&read, &message, (&from, Dwk::Person, "ps-1"), &Jwks::of([key.public()]));
    covered && intact && proved.is_ok()
}

/// "Keying Material": a server in its own right; "Covered Components": its body too.
#[tokio::test]
async fn a_server_signs_in_its_own_name() {
    let script = Script::answers(200, None);
    let outgoing = outgoing(&DiscoveryConfig::default(), &script);
    let body = json!({ "resource_token": "eyJ" });
    assert_eq!(ask(&outgoing, TOKEN, Some(&body)).await.unwrap().status, 200);
    let sent = script.last();
    assert!(believed(&sent, "as.example", "/token"));
    assert!(!believed(&sent, "as.example", "/other"));
    assert!(!believed(&sent, "other.example", "/token"));
    assert!(!believed(&Signed { body: b"{}".to_vec(), ..sent.clone() }, "as.example", "/token"));
    let header = |name: &str| sent.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let by = r#"sig=jwks_uri;id="https://ps.example";dwk="aauth-person.json";kid="ps-1""#;
    assert_eq!(header("signature-key"), Some(by));
    assert_eq!(header("prefer"), Some("wait=45"));
    assert_eq!(sent.body, body.to_string().into_bytes());
    // A poll has no body, and its query is covered.
    ask(&outgoing, "https://as.example/pending?id=7", None).await.unwrap();
    assert!(believed(&script.last(), "as.example", "/pending?id=7"));
    assert!(!believed(&script.last(), "as.example", "/pending?id=8"));
    assert!(!script.last().headers.iter().any(|(name, _)| name.starts_with("content-")));
}

/// The egress rules of HTTP Signature Keys, for what a metadata document or a `Location` says.
#[tokio::test]
async fn nothing_is_sent_to_another_origin() {
    let script = Script::answers(200, None);
    let outgoing = outgoing(&DiscoveryConfig::default(), &script);
    for url in [
        "https://evil.example/token",
        "http://as.example/token",
        "https://as.example:8443/token",
        "https://as.example.evil.example/token",
        "https://127.0.0.1/token",
        "http://169.254.169.254/token",
        "file:///etc/passwd",
    ] {
        let refused = ask(&outgoing, url, None).await;
        assert!(matches!(refused, Err(DiscoveryFault::NotAdmitted(NotAdmitted::Elsewhere(_)))), "{url}: {refused:?}");
    }
    let refused = ask(&outgoing, "https://ada:secret@as.example/token", None).await;
    assert_eq!(refused.unwrap_err(), NotAdmitted::Credentials.into());
    assert!(ask(&outgoing, "token", None).await.is_err());
    assert!(script.asked.lock().unwrap().is_empty());
}

/// "Pending Response": `Location` "MUST be on the same origin as the responding server".
#[tokio::test]
async fn a_location_stays_at_home() {
    for (location, followed) in [
        ("/pending/1", "https://as.example/pending/1"),
        ("pending/1?x#y", "https://as.example/pending/1?x"),
        ("https://as.example/pending/1", "https://as.example/pending/1"),
    ] {
        let script = Script::answers(202, Some(location));
        let answer = ask(&outgoing(&DiscoveryConfig::default(), &script), TOKEN, None).await.unwrap();
        assert_eq!(answer.location.as_deref(), Some(followed), "{location}");
    }
    let long = "x".repeat(3000);
    for location in ["https://evil.example/1", "//evil.example/1", "http://as.example/1", "https://[", &long] {
        for status in [202, 402] {
            let script = Script::answers(status, Some(location));
            let refused = ask(&outgoing(&DiscoveryConfig::default(), &script), TOKEN, None).await;
            assert!(matches!(refused, Err(DiscoveryFault::NotAdmitted(_))), "{location}");
        }
    }
    // Elsewhere it means nothing.
    let script = Script::answers(302, Some("https://evil.example/1"));
    let answer = ask(&outgoing(&DiscoveryConfig::default(), &script), TOKEN, None).await.unwrap();
    assert_eq!((answer.status, answer.location), (302, None));
}

#[tokio::test]
async fn development_says_where_a_server_is_reached() {
    let connect = [("https://as.example".to_owned(), "http://127.0.0.1:8765".to_owned())].into();
    let development = Development { connect, ..Development::default() };
    let script = Script::answers(202, Some("/pending/1"));
    let outgoing = outgoing(&DiscoveryConfig { development, ..DiscoveryConfig::default() }, &script);
    let answer = ask(&outgoing, TOKEN, None).await.unwrap();
    assert_eq!(answer.location.as_deref(), Some("https://as.example/pending/1"));
    let sent = script.last();
    assert_eq!((sent.target.url(), sent.target.host()), ("http://127.0.0.1:8765/token", Some("as.example")));
    assert!(believed(&sent, "as.example", "/token"));
}

#[test]
fn what_may_hold_a_token_is_not_printed() {
    let answer = ServerResponse { status: 200, body: b"eyJ".to_vec(), ..ServerResponse::default() };
    assert_eq!(format!("{answer:?}"), "ServerResponse(200, 3 bytes)");
}

/// Over a real socket: the request arrives whole, and the answer is bounded in time and in size.
#[tokio::test]
async fn an_exchange_on_this_machine() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let mut length = 0;
            while !request[..length].ends_with(b"}") && !request[..length].starts_with(b"GET /slow") {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            let text = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let signed = ["signature-input: sig=", "content-digest: sha-256=", "prefer: wait=45"];
            let status = if signed.iter().all(|header| text.contains(header)) { "403 No" } else { "500 Unsigned" };
            let size = if text.starts_with("post /huge") { 300_000 } else { 2 };
            if !text.starts_with("get /slow") {
                let body = "x".repeat(size);
                let answer = format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\nRetry-After: 7\r\nContent-Length: {size}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
                continue;
            }
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                drop(stream);
            });
        }
    });
    let development = Development { loopback_issuers: true, ..Development::default() };
    let config = DiscoveryConfig { development, ..DiscoveryConfig::default() };
    let outgoing = Outgoing::new(&config, Arc::new(FixedClock::at(NOW))).unwrap();
    let (to, key) = (server(&origin), key("ps-1", "ps"));
    let identity = Identity { id: &to, dwk: Dwk::Person, key: &key };
    let body = json!({ "jti": "t-1" });
    let post = |url| ServerRequest { to: &to, url, method: "POST", body: Some(&body), prefer_wait: Some(45) };
    let (revoke, huge) = (format!("{origin}/revoke"), format!("{origin}/huge"));
    let answer = outgoing.send(post(&revoke), identity, WITHIN).await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after"), &*answer.body), (403, Some("7"), &b"xx"[..]));
    let huge = outgoing.send(post(&huge), identity, WITHIN).await;
    assert_eq!(huge.unwrap_err(), DiscoveryFault::TooLarge(256 * 1024));
    let url = format!("{origin}/slow");
    let slow = ServerRequest { to: &to, url: &url, method: "GET", body: None, prefer_wait: None };
    assert_eq!(outgoing.send(slow, identity, WITHIN).await.unwrap_err(), DiscoveryFault::TimedOut);
    // Without the development switch nothing of it leaves.
    let strict = Outgoing::new(&DiscoveryConfig::default(), Arc::new(FixedClock::at(NOW))).unwrap();
    let refused = strict.send(post(&revoke), identity, WITHIN).await;
    assert_eq!(refused.unwrap_err(), NotAdmitted::Loopback.into());
}
