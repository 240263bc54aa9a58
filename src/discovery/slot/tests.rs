use super::super::testing::jwks;
use super::*;

const NOW: Seconds = 1_000_000;
const HOUR: Seconds = 3600;

fn fetched(kids: &[&str], lifetime: u64, at: Seconds) -> Fetched {
    let body = jwks(kids).to_string();
    Fetched {
        keys: Arc::new(Jwks::parse(body.as_bytes()).unwrap()),
        jwks_uri: "https://ps.example/jwks".into(),
        lifetime: Duration::from_secs(lifetime),
        fingerprint: kids.len() as u64,
        size: body.len(),
        at,
    }
}

fn holding(kids: &[&str], lifetime: u64) -> Slot {
    let mut slot = Slot::default();
    slot.succeed(fetched(kids, lifetime, NOW), NOW);
    slot
}

fn outage(slot: &mut Slot, now: Seconds) {
    let failed = Failed { fault: DiscoveryFault::TimedOut, asked_for_keys: false };
    slot.fail(failed, Duration::from_secs(30), now);
}

/// Seconds after `from` until the issuer may be asked.
fn wait(slot: &Slot, from: Seconds) -> Seconds {
    (0..2 * HOUR).find(|s| slot.may_ask(from + s)).unwrap()
}

#[test]
fn fresh_for_as_long_as_the_response_says() {
    let slot = holding(&["a"], 300);
    assert!(slot.fresh("a", NOW + 299).is_some());
    assert!(slot.fresh("a", NOW + 300).is_none());
    assert!(slot.fresh("b", NOW).is_none());
}

/// "MUST NOT fetch a given issuer's JWKS more frequently than once per minute", also under `no-store`.
#[test]
fn the_floor_outweighs_no_store() {
    let slot = holding(&["a"], 0);
    assert!(slot.fresh("a", NOW + 59).is_some());
    assert!(slot.fresh("a", NOW + 60).is_none());
    assert_eq!(wait(&slot, NOW), 60);
}

/// "Cached JWKS entries SHOULD be discarded after a maximum of 24 hours regardless of cache headers."
#[test]
fn a_day_is_the_limit() {
    let mut slot = holding(&["a"], u64::MAX);
    assert!(slot.fresh("a", NOW + 24 * HOUR - 1).is_some());
    assert!(slot.fresh("a", NOW + 24 * HOUR).is_none());
    outage(&mut slot, NOW + 24 * HOUR);
    assert!(matches!(slot.settle("a", NOW + 24 * HOUR), Settled::ServeStale(_)));
    assert!(matches!(slot.settle("a", NOW + 24 * HOUR + 1), Settled::Refuse(DiscoveryFault::TimedOut)));
}

/// "If a JWKS fetch fails, implementations SHOULD use the cached JWKS if available".
#[test]
fn an_outage_leaves_the_old_keys_and_claims_nothing_about_others() {
    let mut slot = holding(&["a"], 300);
    outage(&mut slot, NOW + 400);
    assert!(matches!(slot.settle("a", NOW + 400), Settled::ServeStale(_)));
    assert!(matches!(slot.settle("b", NOW + 400), Settled::Refuse(DiscoveryFault::TimedOut)));
}

#[test]
fn an_issuer_that_disowns_the_document_loses_its_keys() {
    let mut slot = holding(&["a"], 300);
    let failed = Failed { fault: DiscoveryFault::IssuerMismatch, asked_for_keys: false };
    slot.fail(failed, Duration::from_secs(30), NOW + 400);
    assert!(matches!(slot.settle("a", NOW + 400), Settled::Refuse(DiscoveryFault::IssuerMismatch)));
}

/// "SHOULD retry with exponential backoff".
#[test]
fn failures_back_off() {
    let mut slot = Slot::default();
    assert!(slot.may_ask(NOW));
    let waits: Vec<_> = (0..8)
        .map(|_| {
            outage(&mut slot, NOW);
            wait(&slot, NOW)
        })
        .collect();
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
    slot.succeed(fetched(&["a"], 300, NOW), NOW);
    outage(&mut slot, NOW);
    assert_eq!(wait(&slot, NOW), 30);
}

#[test]
fn a_key_set_that_was_asked_for_is_left_alone_for_a_minute() {
    let mut slot = Slot::default();
    let failed = Failed { fault: DiscoveryFault::Status(500), asked_for_keys: true };
    slot.fail(failed, Duration::from_secs(1), NOW);
    assert_eq!(wait(&slot, NOW), 60);
}

#[test]
fn a_key_unknown_within_the_floor_is_unknown() {
    let slot = holding(&["a"], 300);
    let Settled::Serve(keys) = slot.settle("b", NOW + 10) else { panic!("not served") };
    assert!(keys.select("b").is_none());
}

#[test]
fn a_flight_without_a_result_counts_as_a_failure() {
    let mut slot = Slot::default();
    slot.begin(NOW);
    assert!(matches!(slot.settle("a", NOW + 1), Settled::Refuse(DiscoveryFault::Unreachable(_))));
    assert_eq!(wait(&slot, NOW), 60);
}

#[test]
fn a_clock_set_back_neither_freezes_the_keys_nor_the_floor() {
    let slot = holding(&["a"], 300);
    assert!(slot.fresh("a", NOW - HOUR).is_none());
    assert!(slot.may_ask(NOW - HOUR));
    assert!(slot.usable(Seconds::MAX).is_none());
}

#[test]
fn an_unchanged_document_keeps_the_very_same_keys() {
    let mut slot = holding(&["a"], 300);
    let before = slot.usable(NOW).unwrap().keys.clone();
    slot.succeed(fetched(&["a"], 300, NOW + 300), NOW + 300);
    assert!(Arc::ptr_eq(&before, &slot.fresh("a", NOW + 301).unwrap()));
    slot.succeed(fetched(&["a", "b"], 300, NOW + 600), NOW + 600);
    assert!(!Arc::ptr_eq(&before, &slot.fresh("a", NOW + 601).unwrap()));
}
