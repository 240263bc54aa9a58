use serde_json::{Value, json};

use super::super::testing::Script;
use super::super::{Development, NotAdmitted};
use super::*;
use crate::clock::FixedClock;

const RESOURCE: &str = "https://r.example";
const DOCUMENT: &str = "https://r.example/.well-known/aauth-resource.json";

struct Stage {
    documents: Documents,
    script: Arc<Script>,
    clock: FixedClock,
}

impl Stage {
    /// A resource of this name, whose response says this of its freshness.
    fn new(name: &str, cache_control: Option<&str>) -> Self {
        let script = Script::empty();
        script.serve(DOCUMENT, &document(name), cache_control);
        let clock = FixedClock::at(1_000_000);
        let config = DiscoveryConfig::default();
        let documents = Documents::with_fetch(&config, Arc::new(clock.clone()), script.clone()).unwrap();
        Self { documents, script, clock }
    }

    async fn name(&self) -> Result<Option<String>, DiscoveryFault> {
        let document = self.documents.resource(&ServerId::parse(RESOURCE).unwrap()).await?;
        Ok(document.about.name.clone())
    }

    async fn is_named(&self, name: &str) -> bool {
        self.name().await.unwrap().as_deref() == Some(name)
    }

    fn fetches(&self) -> usize {
        self.script.count("aauth-resource.json")
    }
}

fn document(name: &str) -> Value {
    json!({ "issuer": RESOURCE, "name": name, "scope_descriptions": { "read": "Read" } })
}

/// An hour at most, a minute at least, five minutes where the response does not say.
#[tokio::test]
async fn a_document_is_kept_as_long_as_its_response_says() {
    for (cache_control, lifetime) in [
        (None, 300),
        (Some("max-age=120"), 120),
        (Some("no-store"), 60),
        (Some("max-age=5"), 60),
        (Some("max-age=864000"), 3600),
    ] {
        let stage = Stage::new("Orders", cache_control);
        assert!(stage.is_named("Orders").await);
        stage.script.serve(DOCUMENT, &document("Invoices"), cache_control);
        stage.clock.advance(lifetime - 1);
        assert!(stage.is_named("Orders").await, "{cache_control:?}");
        assert_eq!(stage.fetches(), 1, "{cache_control:?}");
        stage.clock.advance(1);
        assert!(stage.is_named("Invoices").await, "{cache_control:?}");
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_half_a_minute() {
    let stage = Stage::new("Orders", None);
    stage.script.fail(DOCUMENT, DiscoveryFault::Status(503));
    for _ in 0..50 {
        assert_eq!(stage.name().await, Err(DiscoveryFault::Status(503)));
    }
    assert_eq!(stage.fetches(), 1);
    stage.script.serve(DOCUMENT, &document("Orders"), None);
    stage.clock.advance(30);
    assert!(stage.is_named("Orders").await);
}

#[tokio::test]
async fn an_outage_is_bridged_for_an_hour() {
    let stage = Stage::new("Orders", None);
    assert!(stage.is_named("Orders").await);
    stage.script.fail(DOCUMENT, DiscoveryFault::TimedOut);
    for _ in 0..11 {
        stage.clock.advance(300);
        assert!(stage.is_named("Orders").await);
    }
    stage.clock.advance(300);
    assert_eq!(stage.name().await, Err(DiscoveryFault::TimedOut));
}

/// "Metadata Documents": one that does not match its origin is refused, and what was kept goes with it.
#[tokio::test]
async fn a_document_that_names_somebody_else_is_no_outage() {
    let stage = Stage::new("Orders", None);
    assert!(stage.is_named("Orders").await);
    stage.script.serve(DOCUMENT, &json!({ "issuer": "https://evil.example" }), None);
    stage.clock.advance(300);
    assert_eq!(stage.name().await, Err(DiscoveryFault::IssuerMismatch));
    let oversized = json!({ "issuer": RESOURCE, "name": "x".repeat(201) });
    stage.script.serve(DOCUMENT, &oversized, None);
    stage.clock.advance(300);
    assert!(matches!(stage.name().await, Err(DiscoveryFault::InvalidMetadata(MetadataFault::Member { .. }))));
}

#[tokio::test]
async fn callers_share_one_flight_and_may_give_up() {
    let stage = Stage::new("Orders", None);
    stage.script.close();
    let id = ServerId::parse(RESOURCE).unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(20), stage.documents.resource(&id)).await;
    assert!(gone.is_err());
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (documents, id) = (stage.documents.clone(), id.clone());
            tokio::spawn(async move { documents.resource(&id).await })
        })
        .collect();
    tokio::task::yield_now().await;
    stage.script.open();
    for caller in callers {
        assert!(caller.await.unwrap().is_ok());
    }
    assert_eq!(stage.fetches(), 1);
}

#[tokio::test]
async fn each_role_has_a_document_of_its_own() {
    let stage = Stage::new("Orders", None);
    let id = ServerId::parse("https://s.example").unwrap();
    let document = json!({
        "issuer": id.as_str(),
        "jwks_uri": "https://s.example/jwks",
        "auth_token_endpoint": "https://s.example/token",
        "person_token_endpoint": "https://s.example/person",
    });
    for dwk in [Dwk::Agent, Dwk::Person, Dwk::Access] {
        stage.script.serve(&id.well_known(dwk.name()), &document, None);
    }
    assert_eq!(stage.documents.access(&id).await.unwrap().auth_token_endpoint, "https://s.example/token");
    assert_eq!(stage.documents.person(&id).await.unwrap().person_token_endpoint, "https://s.example/person");
    assert_eq!(stage.documents.agent_provider(&id).await.unwrap().refresh_endpoint, None);
    assert_eq!(stage.documents.resource(&id).await.unwrap_err(), DiscoveryFault::Status(404));
}

#[tokio::test]
async fn the_egress_rules_hold() {
    let script = Script::empty();
    let development = Development { loopback_issuers: true, ..Development::default() };
    let loopback = ServerId::parse_under("http://127.0.0.1:9", development.identifier_rules()).unwrap();
    let clock = Arc::new(FixedClock::at(0));
    let documents = Documents::with_fetch(&DiscoveryConfig::default(), clock.clone(), script.clone()).unwrap();
    assert_eq!(documents.resource(&loopback).await.unwrap_err(), NotAdmitted::Loopback.into());
    assert_eq!(script.count(""), 0);
    let connect = [(RESOURCE.to_owned(), "http://127.0.0.1:8765".to_owned())].into();
    let config = DiscoveryConfig {
        development: Development { connect, ..Development::default() },
        ..DiscoveryConfig::default()
    };
    script.serve("http://127.0.0.1:8765/.well-known/aauth-resource.json", &document("Orders"), None);
    let documents = Documents::with_fetch(&config, clock, script).unwrap();
    assert!(documents.resource(&ServerId::parse(RESOURCE).unwrap()).await.is_ok());
}

#[tokio::test]
async fn the_shelves_are_bounded() {
    let stage = Stage::new("Orders", None);
    for n in 0..3000 {
        let id = ServerId::parse(&format!("https://r{n}.example")).unwrap();
        assert!(stage.documents.resource(&id).await.is_err());
    }
    assert!(stage.documents.0.resources.entries() <= 1000);
}
