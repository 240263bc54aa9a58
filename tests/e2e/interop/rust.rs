//! The crate `aauth-protocol`: an agent, an agent provider, a person server and a resource built with it.

use std::sync::Arc;

use ::aauth_protocol::discovery::{JwksResolver, KeyResolver, StaticFetch};
use ::aauth_protocol::httpsig::{self, Incoming, Outgoing, SignatureKey, Signer, VerifyOptions};
use ::aauth_protocol::jwk::Algorithm;
use ::aauth_protocol::resource::{self, Authenticated, ResourceTokenParams};
use ::aauth_protocol::token::mint;
use ::aauth_protocol::{Requirement, SigningKey, TokenKind, jwt};
use aauth_authorizer::aauth::identifier::{IdentifierRules, ServerId};
use aauth_authorizer::aauth::key::Jwks;
use aauth_authorizer::aauth::token::Unverified;
use aauth_authorizer::aauth::verify::{self, TokenRules};
use serde_json::{Value, json};

use super::{is_refused, passes, requirement, revocation, revocation_path, revokes};
use crate::support::client::Request;
use crate::support::scene::{AGENTS, HOST, ORDERS, PERSONS, Scene, Signed, now};

/// Whoever is built with that crate; they publish their keys in the place of ours.
struct Theirs {
    provider: SigningKey,
    person_server: SigningKey,
    agent: SigningKey,
}

impl Theirs {
    fn in_place_of_ours(scene: &Scene) -> Self {
        let key = |byte| SigningKey::from_bytes(&[byte; 32]);
        let theirs = Self { provider: key(31), person_server: key(32), agent: key(33) };
        scene.agents.put("/jwks", json!(theirs.provider.jwks()));
        scene.persons.put("/jwks", json!(theirs.person_server.jwks()));
        theirs
    }

    fn agent_token(&self, by: &SigningKey) -> String {
        let claims =
            json!({ "iss": AGENTS, "dwk": "aauth-agent.json", "sub": "aauth:ada@agents.example", "ps": PERSONS });
        self.token(by, TokenKind::Agent, claims)
    }

    fn person_token(&self, by: &SigningKey) -> String {
        let claims = json!({ "iss": PERSONS, "dwk": "aauth-person.json", "aud": ORDERS, "sub": "bea" });
        self.token(by, TokenKind::Person, claims)
    }

    fn auth_token(&self, by: &SigningKey) -> String {
        let scope = "orders.read orders.write";
        let claims = json!({
            "iss": PERSONS, "dwk": "aauth-person.json", "aud": ORDERS, "ps": PERSONS, "sub": "bea", "scope": scope,
        });
        self.token(by, TokenKind::Auth, claims)
    }

    fn token(&self, by: &SigningKey, kind: TokenKind, mut claims: Value) -> String {
        let more = json!({
            "jti": format!("{kind:?}-1"), "iat": now(), "exp": now() + 600, "cnf": { "jwk": self.agent.public_jwk() },
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        mint(by, kind, &claims)
    }

    fn request(&self, method: &str, target: &str, token: &str, body: &[u8]) -> Request {
        sign(&self.agent, &SignatureKey::Jwt(token.to_owned()), method, target, body)
    }
}

fn sign(key: &SigningKey, signature_key: &SignatureKey, method: &str, target: &str, body: &[u8]) -> Request {
    let url = format!("{ORDERS}{target}");
    let outgoing = Outgoing { method, url: &url, content_type: None, body: Some(body), created: now() };
    let headers = httpsig::sign(key, signature_key, &outgoing).unwrap();
    let request = Request::new(method, HOST, target);
    let request = if body.is_empty() { request } else { request.body(body) };
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// A request as that crate takes it, given to `judge`.
fn judged<T>(request: &Request, target: &str, body: &[u8], judge: impl AsyncFnOnce(&Incoming<'_>) -> T) -> T {
    let headers: Vec<_> = request.header_object().as_object().unwrap().iter().map(text_pair).collect();
    let headers = httpsig::header_map(&headers).unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let method = if body.is_empty() { "GET" } else { "POST" };
    let incoming = Incoming { method, authority: HOST, path, query, headers: &headers, body: Some(body) };
    block_on(judge(&incoming))
}

fn text_pair((name, value): (&String, &Value)) -> (String, String) {
    (name.clone(), value.as_str().unwrap().to_owned())
}

/// Its discovery, over what everybody here publishes.
fn resolver(scene: &Scene) -> JwksResolver {
    let documents = StaticFetch::new();
    for (url, document) in scene.documents().as_object().unwrap() {
        documents.insert(url, document.clone());
    }
    JwksResolver::new(Arc::new(documents))
}

/// What a resource built with that crate makes of a request.
fn authenticate(scene: &Scene, request: &Request, target: &str, body: &[u8]) -> aauth_protocol::Result<Authenticated> {
    let (options, resolver) = (VerifyOptions::default(), resolver(scene));
    let kinds = [TokenKind::Agent, TokenKind::Person, TokenKind::Auth];
    judged(request, target, body, async |incoming| {
        resource::authenticate(incoming, ORDERS, &kinds, &options, &resolver).await
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn what_its_servers_issue_and_its_agent_signs_passes() {
    let scene = Scene::new(false, "");
    let theirs = Theirs::in_place_of_ours(&scene);
    let agent = theirs.agent_token(&theirs.provider);
    let read = theirs.request("GET", "/public/catalog?page=2&q=a%20b", &agent, b"");
    assert_eq!(passes(&scene, &read).values("x-aauth-agent"), ["aauth:ada@agents.example"]);
    is_refused(&scene, &read.retargeted("/public/catalog?page=3"), "invalid_signature");

    let auth = theirs.auth_token(&theirs.person_server);
    let write = theirs.request("POST", "/v1/orders", &auth, b"{\"item\":1}");
    is_refused(&scene, &write.clone().with_body_replaced(b"{\"item\":2}"), "invalid_signature");
    assert_eq!(passes(&scene, &write).values("x-aauth-person"), ["bea"]);
}

#[test]
fn its_forgeries_are_refused() {
    let scene = Scene::new(true, "");
    let theirs = Theirs::in_place_of_ours(&scene);
    // Under a name that nobody publishes; and, signed by the agent itself, under the agent's own.
    let stray = SigningKey::from_bytes(&[99; 32]);
    for forger in [&stray, &theirs.agent] {
        is_refused(&scene, &theirs.request("GET", "/public/catalog", &theirs.agent_token(forger), b""), "unknown_key");
        is_refused(&scene, &theirs.request("GET", "/v1/orders/42", &theirs.auth_token(forger), b""), "unknown_key");
    }
    let stolen = SignatureKey::Jwt(theirs.agent_token(&theirs.provider));
    is_refused(&scene, &sign(&stray, &stolen, "GET", "/public/catalog", b""), "invalid_signature");
}

#[test]
fn it_reads_our_challenge_and_finds_our_key_for_the_resource_token() {
    let scene = Scene::new(true, "");
    let theirs = Theirs::in_place_of_ours(&scene);
    let person = theirs.person_token(&theirs.person_server);
    let consent = scene.send(&theirs.request("GET", "/v1/orders/42", &person, b""));
    let Some(Requirement::AuthToken { resource_token }) = Requirement::parse(requirement(&consent)) else {
        panic!("{}", consent.text())
    };

    let token = jwt::decode(&resource_token).unwrap();
    assert_eq!((token.claim_str("aud"), token.claim_str("sub")), (Some(PERSONS), Some("bea")));
    assert_eq!(token.claim_str("agent_jkt"), Some(theirs.agent.thumbprint()));
    assert_eq!(token.claim_str("presented_jti"), Some("Person-1"));
    let published = block_on(resolver(&scene).jwks(ORDERS, "aauth-resource.json")).unwrap().keys;
    let key = published.iter().find(|key| key.kid.as_deref() == token.kid()).unwrap();
    assert!(token.verify_signature(key, Algorithm::Ed25519));
}

#[test]
fn its_resource_accepts_our_agent_and_we_accept_its_resource_token() {
    let scene = Scene::new(true, "");
    let cast = &scene.cast;
    let query =
        Signed { target: "/v1/orders?id=1", token: &cast.person_token(), cover: &["@query"], ..Signed::default() };
    let query = cast.signed(query);
    let read = authenticate(&scene, &query, "/v1/orders?id=1", b"").unwrap();
    assert_eq!((read.token.sub.as_str(), read.token.tenant()), ("ada", Some("acme")));
    authenticate(&scene, &query, "/v1/orders?id=2", b"").unwrap_err();

    let token = cast.auth_token(&["orders.write"]);
    let write = cast.signed(Signed { target: "/v1/orders", token: &token, body: b"{}", ..Signed::json() });
    let written = authenticate(&scene, &write, "/v1/orders", b"{}").unwrap();
    assert_eq!(written.token.scope(), Some("orders.write"));
    authenticate(&scene, &write, "/v1/orders", b"[]").unwrap_err();

    let key = SigningKey::from_bytes(&[34; 32]);
    let asked = ResourceTokenParams::new(ORDERS, &read.token, &read.signature.thumbprint, "orders.read");
    let minted = resource::resource_token(&key, &asked).unwrap();
    let rules = TokenRules {
        audience: ServerId::parse(PERSONS).unwrap(),
        identifiers: IdentifierRules::Strict,
        window: 60,
        max_agent_lifetime: 86_400,
    };
    let keys = Jwks::parse(&serde_json::to_vec(&key.jwks()).unwrap()).unwrap();
    let unproved = Unverified::parse(&minted, IdentifierRules::Strict).unwrap();
    let token = verify::resource_token(&unproved, &keys, &rules, now()).unwrap();
    assert_eq!((token.agent_jkt.as_str(), token.sub.as_str()), (cast.agent.public().thumbprint().as_str(), "ada"));
    assert_eq!(
        (token.scopes.as_slice(), token.tenant.as_deref()),
        (["orders.read".to_owned()].as_slice(), Some("acme"))
    );
}

#[test]
fn each_accepts_the_others_server_and_its_revocation() {
    let scene = Scene::new(true, "");
    let path = revocation_path(&scene);
    let token = scene.cast.auth_token(&["orders.read"]);
    let body = revocation(&token);

    let ours = scene.cast.signed_by_the_person_server(&path, &body);
    let (options, resolver) = (VerifyOptions::default(), resolver(&scene));
    let verified = judged(&ours, &path, body.to_string().as_bytes(), async |incoming| {
        httpsig::verify(incoming, &options, &resolver).await
    });
    assert!(matches!(verified.unwrap().signer, Signer::JwksUri { id, .. } if id == PERSONS));

    // Built with the key of our person server, so that its tokens are the ones revoked.
    let server = SigningKey::from_bytes(&[12; 32]);
    let named = SignatureKey::JwksUri { id: PERSONS.into(), dwk: "aauth-person.json".into(), kid: "ps-1".into() };
    let body = body.to_string().into_bytes();
    let forged = sign(&SigningKey::from_bytes(&[99; 32]), &named, "POST", &path, &body);
    assert_eq!(forged.send(scene.authorizer.place.http).header("signature-error"), Some("error=invalid_signature"));
    revokes(&scene, &token, &sign(&server, &named, "POST", &path, &body));
}
