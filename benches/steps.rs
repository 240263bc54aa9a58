//! What each step of a check costs, in one process and without the network.

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

mod common;

use std::hint::black_box;
use std::sync::Arc;

use aauth_authorizer::aauth::message::Message;
use aauth_authorizer::aauth::signature::{SignatureRules, SignedRequest};
use aauth_authorizer::authorizer::check::Authorizer;
use aauth_authorizer::authorizer::config::Config;
use aauth_authorizer::authorizer::inbound::{Body, InboundRequest};
use aauth_authorizer::authorizer::known::KnownTokens;
use aauth_authorizer::clock::{Clock as _, SystemClock};
use aauth_authorizer::policy::{Principal, RequestFacts, Subject, TokenFacts, TokenKind};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use common::{Cast, Folder, HOST, PERSONS};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const PATH: &str = "/v1/c4/items/1729";

fn steps(criterion: &mut Criterion) {
    let cast = Cast::new();
    let folder = Folder::new(&cast, 10);
    let token = cast.token(0);
    let message = cast.signed(PATH, &token);
    let rules = SignatureRules { window: 300, ..SignatureRules::default() };
    let now = SystemClock.now();
    let signed = SignedRequest::read(&message, &rules, now).unwrap().unwrap();
    let base = signed.base(&message).unwrap();
    let field = message.fields().text("signature").unwrap();
    let signature = BASE64_STANDARD.decode(field.trim_start_matches("sig=:").trim_end_matches(':')).unwrap();
    let key = cast.agent.public();

    criterion.bench_function("read the signature", |b| {
        b.iter(|| SignedRequest::read(black_box(&message), &rules, now).unwrap());
    });
    criterion.bench_function("build the signature base", |b| b.iter(|| signed.base(black_box(&message)).unwrap()));
    criterion.bench_function("verify Ed25519", |b| b.iter(|| assert!(key.verifies(black_box(&base), &signature))));
    criterion.bench_function("recognise the token", |b| b.iter(|| KnownTokens::key("orders", black_box(&token))));

    let (config, _) = Config::load(&folder.path("authorizer.yaml")).unwrap();
    let authorizer = Authorizer::build(&config, Arc::new(SystemClock)).unwrap();
    let (policies, subject, facts) = (authorizer.policies.current(), subject(now), facts());
    criterion.bench_function("decide, 10 policies", |b| {
        b.iter(|| policies.decide("orders", black_box(&subject), &facts, now));
    });

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let checked = runtime.block_on(authorizer.check(inbound(message.clone())));
    assert_eq!(checked.record.outcome, "allow", "{checked:?}");
    criterion.bench_function("the whole check", |b| {
        b.iter_batched(
            || inbound(message.clone()),
            |request| runtime.block_on(authorizer.check(request)),
            BatchSize::SmallInput,
        );
    });
}

fn inbound(message: Message) -> InboundRequest {
    InboundRequest { resource_id: None, message, body: Body::Whole(Vec::new()), source_ip: None, peer: None }
}

fn subject(now: i64) -> Subject {
    let principal = Principal::Person {
        iss: PERSONS.into(),
        sub: "person-00000000".into(),
        ps: PERSONS.into(),
        tenant: Some("acme".into()),
        groups: Vec::new(),
        roles: Vec::new(),
    };
    let token = TokenFacts {
        kind: TokenKind::Auth,
        issuer: PERSONS.into(),
        jti: "0192f3a4-5b6c-7d8e-9f00-000000000000".into(),
        scopes: vec!["orders.read".into(), "orders.write".into()],
        issued_at: now,
        expires_at: now + 590,
        mission: None,
        account: None,
        tenant: Some("acme".into()),
        key: "thumbprint".into(),
        claims: std::collections::BTreeMap::new(),
    };
    Subject::new(principal, Some(token))
}

fn facts() -> RequestFacts<'static> {
    RequestFacts {
        method: "GET",
        host: HOST,
        path: PATH,
        query: None,
        headers: &[],
        source_ip: None,
        peer: None,
        call: None,
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = steps
}
criterion_main!(benches);
