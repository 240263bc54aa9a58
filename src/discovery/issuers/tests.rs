use serde_json::json;

use super::super::testing::{Script, jwks, key};
use super::super::{Development, NotAdmitted};
use super::*;
use crate::aauth::key::SigningKey;
use crate::clock::FixedClock;

const ISSUER: &str = "https://ps.example";
const METADATA: &str = "https://ps.example/.well-known/aauth-person.json";
const JWKS: &str = "https://ps.example/jwks";
const WAIT: Duration = Duration::from_secs(10);

struct Stage {
    issuers: Issuers,
    script: Arc<Script>,
    clock: FixedClock,
    issuer: ServerId,
}

impl Stage {
    fn new(script: Arc<Script>) -> Self {
        Self::with(script, &DiscoveryConfig::default())
    }

    fn with(script: Arc<Script>, config: &DiscoveryConfig) -> Self {
        let clock = FixedClock::at(1_000_000);
        let issuers = Issuers::with_fetch(config, Arc::new(clock.clone()), script.clone()).unwrap();
        Self { issuers, script, clock, issuer: ServerId::parse(ISSUER).unwrap() }
    }

    async fn keys(&self, kid: &str) -> Result<Arc<Jwks>, DiscoveryFault> {
        self.issuers.keys(&self.issuer, Dwk::Person, kid, WAIT).await
    }

    /// Whether the issuer's keys hold `kid` as a usable key.
    async fn finds(&self, kid: &str) -> bool {
        self.keys(kid).await.unwrap().select(kid).is_some_and(|key| key.is_ok())
    }

    async fn refresh(&self, seen: &Arc<Jwks>) -> Result<Option<Arc<Jwks>>, DiscoveryFault> {
        self.issuers.refresh(&self.issuer, Dwk::Person, seen, WAIT).await
    }
}

#[tokio::test]
async fn metadata_then_keys_then_the_cache() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    assert!(stage.issuers.cached(&stage.issuer, Dwk::Person, "k1").is_none());
    assert!(stage.finds("k1").await);
    assert!(stage.finds("k1").await);
    assert!(stage.issuers.cached(&stage.issuer, Dwk::Person, "k1").is_some());
    assert!(stage.issuers.cached(&stage.issuer, Dwk::Agent, "k1").is_none());
    assert_eq!((stage.script.count("person.json"), stage.script.count("/jwks")), (1, 1));
    assert_eq!(stage.issuers.stats().fetch_success, 1);
    stage.clock.advance(299);
    assert!(stage.issuers.cached(&stage.issuer, Dwk::Person, "k1").is_some());
    stage.clock.advance(1);
    assert!(stage.issuers.cached(&stage.issuer, Dwk::Person, "k1").is_none());
    assert!(stage.finds("k1").await);
    assert_eq!(stage.script.count("/jwks"), 2);
}

/// "SHOULD respect HTTP cache headers (Cache-Control, Expires)".
#[tokio::test]
async fn cache_control_is_respected() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    stage.script.serve(JWKS, &jwks(&["k1"]), Some("max-age=3600"));
    assert!(stage.finds("k1").await);
    stage.clock.advance(3599);
    assert!(stage.finds("k1").await);
    assert_eq!(stage.script.count("/jwks"), 1);
    stage.clock.advance(1);
    assert!(stage.finds("k1").await);
    assert_eq!(stage.script.count("/jwks"), 2);
}

/// "On an unknown kid in a JWT header, an implementation SHOULD refresh the cached JWKS for that issuer", and "no more
/// frequently than once per minute".
#[tokio::test]
async fn an_unknown_kid_refreshes_once_a_minute() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    assert!(stage.finds("k1").await);
    stage.script.serve(JWKS, &jwks(&["k1", "k2"]), None);
    stage.clock.advance(59);
    assert!(!stage.finds("k2").await);
    assert_eq!((stage.script.count("/jwks"), stage.issuers.stats().held_back), (1, 1));
    stage.clock.advance(1);
    assert!(stage.finds("k2").await);
    for n in 0..100 {
        assert!(!stage.finds(&format!("invented-{n}")).await);
    }
    assert_eq!(stage.script.count("/jwks"), 2);
}

/// "If a cached key matching the JWT kid fails signature verification, the verifier SHOULD refresh".
#[tokio::test]
async fn a_key_replaced_under_its_kid_is_found_by_refreshing() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    let seen = stage.keys("k1").await.unwrap();
    let replaced = Jwks::of([key("k1", "another")].iter().map(SigningKey::public)).to_json();
    stage.script.serve(JWKS, &replaced, None);
    assert!(stage.refresh(&seen).await.unwrap().is_none(), "the floor");
    stage.clock.advance(60);
    let now = stage.refresh(&seen).await.unwrap().expect("new keys");
    assert_ne!(now.select("k1").unwrap().unwrap(), seen.select("k1").unwrap().unwrap());
    // Another caller, who still holds the old ones, is given the new ones without asking.
    assert!(stage.refresh(&seen).await.unwrap().is_some());
    assert!(stage.refresh(&now).await.unwrap().is_none());
    assert_eq!(stage.script.count("/jwks"), 2);
}

#[tokio::test]
async fn refreshing_an_unchanged_set_gives_nothing() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    let seen = stage.keys("k1").await.unwrap();
    stage.clock.advance(60);
    assert!(stage.refresh(&seen).await.unwrap().is_none());
    assert_eq!(stage.script.count("/jwks"), 2);
}

/// "If a JWKS fetch fails, implementations SHOULD use the cached JWKS if available".
#[tokio::test]
async fn an_outage_is_bridged_for_a_day() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    assert!(stage.finds("k1").await);
    stage.script.fail(METADATA, DiscoveryFault::Status(503));
    stage.clock.advance(400);
    assert!(stage.finds("k1").await);
    assert_eq!(stage.issuers.stats().stale_served, 1);
    assert_eq!(stage.keys("k2").await.unwrap_err(), DiscoveryFault::Status(503));
    assert_eq!(stage.script.count("person.json"), 2, "backing off");
    stage.clock.advance(24 * 3600);
    assert_eq!(stage.keys("k1").await.unwrap_err(), DiscoveryFault::Status(503));
}

#[tokio::test]
async fn an_issuer_never_seen_is_not_hammered() {
    let stage = Stage::new(Script::empty());
    for _ in 0..50 {
        assert_eq!(stage.keys("k1").await.unwrap_err(), DiscoveryFault::Status(404));
    }
    assert_eq!(stage.script.count(""), 1);
    stage.clock.advance(30);
    assert!(stage.keys("k1").await.is_err());
    assert_eq!((stage.script.count(""), stage.issuers.stats().fetch_error), (2, 2));
}

#[tokio::test]
async fn callers_share_one_flight() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    stage.script.close();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (issuers, issuer) = (stage.issuers.clone(), stage.issuer.clone());
            tokio::spawn(async move { issuers.keys(&issuer, Dwk::Person, "k1", WAIT).await })
        })
        .collect();
    tokio::task::yield_now().await;
    stage.script.open();
    for caller in callers {
        assert!(caller.await.unwrap().is_ok());
    }
    assert_eq!((stage.script.count("person.json"), stage.script.count("/jwks")), (1, 1));
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_flight_to_others() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    stage.script.close();
    let gone = stage.issuers.keys(&stage.issuer, Dwk::Person, "k1", Duration::from_millis(20)).await;
    assert_eq!(gone.unwrap_err(), DiscoveryFault::TimedOut);
    stage.script.open();
    assert!(stage.finds("k1").await);
    assert_eq!(stage.script.count("person.json"), 1);
}

#[tokio::test]
async fn a_slow_refresh_is_bridged_by_the_old_keys() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    assert!(stage.finds("k1").await);
    stage.clock.advance(400);
    stage.script.close();
    let brief = Duration::from_millis(20);
    let keys = stage.issuers.keys(&stage.issuer, Dwk::Person, "k1", brief).await.unwrap();
    assert!(keys.select("k1").is_some());
    let unknown = stage.issuers.keys(&stage.issuer, Dwk::Person, "k2", brief).await;
    assert_eq!(unknown.unwrap_err(), DiscoveryFault::TimedOut);
}

/// The floor is the key set's, whichever of the issuer's documents led to it.
#[tokio::test]
async fn documents_that_share_a_key_set_share_its_fetch() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    let (first, second) = tokio::join!(
        stage.issuers.keys(&stage.issuer, Dwk::Person, "k1", WAIT),
        stage.issuers.keys(&stage.issuer, Dwk::Agent, "k1", WAIT),
    );
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(stage.script.count("/jwks"), 1);
    stage.script.fail(JWKS, DiscoveryFault::Status(500));
    stage.clock.advance(300);
    assert!(stage.finds("k1").await);
    assert!(stage.issuers.keys(&stage.issuer, Dwk::Access, "k1", WAIT).await.is_err());
    assert_eq!(stage.script.count("/jwks"), 2);
}

/// "Metadata Documents": `issuer` must be, byte for byte, the one discovery began with.
#[tokio::test]
async fn the_document_must_name_its_issuer() {
    for (document, fault) in [
        (json!({ "jwks_uri": JWKS }), DiscoveryFault::IssuerMissing),
        (json!({ "issuer": "https://ps.example/", "jwks_uri": JWKS }), DiscoveryFault::IssuerMismatch),
        (json!({ "issuer": "https://evil.example", "jwks_uri": JWKS }), DiscoveryFault::IssuerMismatch),
    ] {
        let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
        assert!(stage.finds("k1").await);
        stage.script.serve(METADATA, &document, None);
        stage.clock.advance(300);
        assert_eq!(stage.keys("k1").await.unwrap_err(), fault);
        assert_eq!(stage.script.count("/jwks"), 1);
    }
}

#[tokio::test]
async fn another_origin_is_not_followed_unless_admitted() {
    let elsewhere = json!({ "issuer": ISSUER, "jwks_uri": "https://keys.example/jwks" });
    let script = Script::empty();
    script.serve(METADATA, &elsewhere, None);
    script.serve("https://keys.example/jwks", &jwks(&["k1"]), None);
    let refused = Stage::new(script.clone()).keys("k1").await.unwrap_err();
    assert_eq!(refused, NotAdmitted::CrossOrigin("https://keys.example".into()).into());
    assert_eq!(script.count("/jwks"), 0);
    let config =
        DiscoveryConfig { admit_jwks_origins: vec!["https://keys.example".into()], ..DiscoveryConfig::default() };
    assert!(Stage::with(script, &config).finds("k1").await);
}

#[tokio::test]
async fn an_issuer_is_reached_where_connect_says() {
    let script = Script::empty();
    let metadata = json!({ "issuer": ISSUER, "jwks_uri": JWKS });
    script.serve("http://127.0.0.1:8765/.well-known/aauth-person.json", &metadata, None);
    script.serve("http://127.0.0.1:8765/jwks", &jwks(&["k1"]), None);
    let connect = [(ISSUER.to_owned(), "http://127.0.0.1:8765".to_owned())].into();
    let development = Development { connect, ..Development::default() };
    let config = DiscoveryConfig { development, ..DiscoveryConfig::default() };
    assert!(Stage::with(script, &config).finds("k1").await);
}

/// "MUST NOT fail because an unselected member names a key type or algorithm it does not implement".
#[tokio::test]
async fn a_strange_key_never_harms_its_neighbours() {
    let stage = Stage::new(Script::issuer(ISSUER, &["k1"]));
    let mut set = jwks(&["k1"]);
    let keys = set["keys"].as_array_mut().unwrap();
    keys.insert(0, json!({ "kty": "MAYO", "kid": "k0", "alg": "MAYO-2" }));
    keys.insert(1, json!("not a key"));
    stage.script.serve(JWKS, &set, None);
    assert!(stage.finds("k1").await);
    assert!(!stage.finds("k0").await);
}

#[tokio::test]
async fn the_cache_is_bounded() {
    let stage = Stage::new(Script::empty());
    for n in 0..5000 {
        let issuer = ServerId::parse(&format!("https://i{n}.example")).unwrap();
        assert!(stage.issuers.keys(&issuer, Dwk::Agent, "k", WAIT).await.is_err());
    }
    stage.issuers.0.issuers.run_pending_tasks();
    assert!(stage.issuers.stats().entries <= 1000);
    // The newest is still remembered, so its floor holds.
    let newest = ServerId::parse("https://i4999.example").unwrap();
    assert!(stage.issuers.keys(&newest, Dwk::Agent, "k", WAIT).await.is_err());
    assert_eq!(stage.script.count("i4999.example/.well-known/aauth-agent.json"), 1);
}

/// The whole way, over a real socket.
#[tokio::test]
async fn an_issuer_on_this_machine() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let metadata = json!({ "issuer": origin, "jwks_uri": format!("{origin}/jwks") });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 2048];
            let length = stream.read(&mut head).await.unwrap();
            let for_keys = head[..length].starts_with(b"GET /jwks ");
            let body = if for_keys { jwks(&["k1"]) } else { metadata.clone() }.to_string();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
    });
    let development = Development { loopback_issuers: true, ..Development::default() };
    let issuer = ServerId::parse_under(&origin, development.identifier_rules()).unwrap();
    let config = DiscoveryConfig { development, ..DiscoveryConfig::default() };
    let issuers = Issuers::new(&config, Arc::new(FixedClock::at(0))).unwrap();
    let keys = issuers.keys(&issuer, Dwk::Agent, "k1", WAIT).await.unwrap();
    assert!(keys.select("k1").unwrap().is_ok());
    let strict = Issuers::new(&DiscoveryConfig::default(), Arc::new(FixedClock::at(0))).unwrap();
    let refused = strict.keys(&issuer, Dwk::Agent, "k1", WAIT).await.unwrap_err();
    assert_eq!(refused, NotAdmitted::Loopback.into());
}
