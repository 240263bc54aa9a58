//! How a person logs in, stays, and leaves: "PS Approval Endpoint Authentication", as far as the server decides it.

use person_server::domain::session::{IDLE, LASTS, SETUP_LASTS};
use serde_json::json;

use super::browser::{Browser, OURS, description, operations, people};
use super::support::{NOW, PS, World};

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_setup_link_works_once() {
    let world = World::new().await;
    let link = people(&world).invite(&world.ada).await.unwrap().unwrap();
    assert_eq!(link.link, format!("{PS}/login#setup={}", link.token));
    let browser = Browser::new(&world);
    let session = browser.post("/api/session", json!({ "setup_token": link.token })).await;
    assert_eq!((session.status, &session.body["begun_by"]), (201, &json!("setup")));
    let cookie = session.header("set-cookie");
    assert!(cookie.starts_with("__Host-person-server=pss_"), "{cookie}");
    for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.split("; ").any(|one| one == part), "{cookie}");
    }
    assert_eq!(browser.get("/api/me").await.body["name"], "ada");
    let again = Browser::new(&world).post("/api/session", json!({ "setup_token": link.token })).await;
    again.refused(401, "unauthenticated");
    assert_eq!(again.header("set-cookie"), "");
}

#[tokio::test]
async fn a_setup_link_ends_and_gives_way_to_the_next() {
    let world = World::new().await;
    let first = people(&world).invite(&world.ada).await.unwrap().unwrap();
    let second = people(&world).invite(&world.ada).await.unwrap().unwrap();
    let browser = Browser::new(&world);
    browser.post("/api/session", json!({ "setup_token": first.token })).await.refused(401, "unauthenticated");
    world.clock.set(NOW + SETUP_LASTS);
    browser.post("/api/session", json!({ "setup_token": second.token })).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_new_server_begins_with_one_person() {
    let world = World::new().await;
    assert!(people(&world).add_first().await.unwrap().is_none(), "there is Ada");
    let bob = people(&world).add("Bob", Some("bob@example.org"), Some("acme")).await.unwrap();
    let browser = Browser::new(&world);
    browser.post("/api/session", json!({ "setup_token": bob.token })).await;
    let me = browser.get("/api/me").await.body;
    assert_eq!(
        (&me["name"], &me["tenant"], &me["claims"]["email"]),
        (&json!("Bob"), &json!("acme"), &json!("bob@example.org"))
    );
}

/// One table over the description: whatever is added to the API is in it, or it is not described.
#[tokio::test]
async fn every_endpoint_without_credentials() {
    let world = World::new().await;
    let secrets: [Option<(&str, String)>; 7] = [
        None,
        Some(("cookie", format!("__Host-person-server=pss_{}", "A".repeat(43)))),
        Some(("cookie", "__Host-person-server=".to_owned())),
        Some(("authorization", format!("Bearer psa_{}", "A".repeat(43)))),
        Some(("authorization", "Basic YWRhOmFkYQ==".to_owned())),
        Some(("authorization", "Bearer".to_owned())),
        Some(("authorization", format!("Bearer pss_{}", "A".repeat(43)))),
    ];
    let mut seen = 0;
    for (method, path, operation) in operations(&description(&world).await) {
        if operation["security"] == json!([]) || operation["security"] == json!([{}]) {
            assert!(matches!(path.as_str(), "/api/session" | "/api/openapi.json"), "{path} is open");
            continue;
        }
        let path = path.replace("{id}", "0123456789abcdef");
        for secret in &secrets {
            let mut headers: Vec<(String, String)> =
                OURS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.extend(secret.clone().map(|(name, value)| (name.to_owned(), value)));
            let reply = world.raw(&method, &path, &headers, b"{}".to_vec()).await;
            reply.refused(401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"person\"");
            assert_eq!(reply.header("cache-control"), "no-store");
            assert_eq!(reply.header("access-control-allow-origin"), "");
        }
        seen += 1;
    }
    assert!(seen >= 25, "{seen}");
}

#[tokio::test]
async fn a_session_ends_idle_or_old() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    world.clock.set(NOW + IDLE - 1);
    assert_eq!(browser.get("/api/me").await.status, 200);
    world.clock.set(NOW + 2 * IDLE - 1);
    browser.get("/api/me").await.refused(401, "unauthenticated");

    world.clock.set(NOW);
    let used = Browser::of(&world, &world.ada).await;
    for hours in (10..LASTS / HOUR).step_by(10) {
        world.clock.set(NOW + hours * HOUR);
        assert_eq!(used.get("/api/me").await.status, 200, "after {hours} h");
    }
    world.clock.set(NOW + LASTS);
    used.get("/api/me").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_sessions_secret_is_replaced_and_a_copy_gives_itself_away() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let thief = browser.copy();
    let first = browser.cookie();
    world.clock.set(NOW + HOUR);
    assert_eq!(browser.get("/api/me").await.status, 200);
    assert_ne!(browser.cookie(), first);
    // Until the new one has come back, an answer that was lost costs nobody their session.
    assert_eq!(thief.get("/api/me").await.status, 200);
    assert_eq!(thief.cookie(), first);
    assert_eq!(browser.get("/api/me").await.status, 200);
    world.clock.set(NOW + HOUR + 59);
    assert_eq!(thief.get("/api/me").await.status, 200);
    world.clock.set(NOW + HOUR + 60);
    thief.get("/api/me").await.refused(401, "unauthenticated");
    browser.get("/api/me").await.refused(401, "unauthenticated");
    let audit = Browser::of(&world, &world.ada).await.get("/api/audit?kind=session.copied").await;
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_person_logs_out_here_there_and_everywhere() {
    let world = World::new().await;
    let [here, there, elsewhere] = [
        Browser::of(&world, &world.ada).await,
        Browser::of(&world, &world.ada).await,
        Browser::of(&world, &world.ada).await,
    ];
    let sessions = here.get("/api/sessions").await;
    assert_eq!(sessions.body["items"].as_array().unwrap().len(), 3);
    let id = there.get("/api/session").await.text("id");
    let bob = world.person("bob").await;
    let other = Browser::of(&world, &bob).await;
    other.delete(&format!("/api/sessions/{id}")).await.refused(404, "not_found");
    assert_eq!(there.get("/api/me").await.status, 200);
    assert_eq!(here.delete(&format!("/api/sessions/{id}")).await.status, 204);
    there.get("/api/me").await.refused(401, "unauthenticated");

    let kept = here.copy();
    let out = here.delete("/api/session").await;
    assert_eq!((out.status, here.cookie()), (204, None));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    kept.get("/api/me").await.refused(401, "unauthenticated");

    let more = Browser::of(&world, &world.ada).await;
    let copy = more.copy();
    assert_eq!(more.delete("/api/sessions").await.status, 204);
    for browser in [&elsewhere, &copy] {
        browser.get("/api/me").await.refused(401, "unauthenticated");
    }
    assert_eq!(other.get("/api/me").await.status, 200, "Bob's stays");
}

/// Whatever another site makes the browser send, nothing changes.
#[tokio::test]
async fn other_sites_change_nothing() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let body = || br#"{"remember_days":7}"#.to_vec();
    let json = ("content-type", "application/json");
    for (name, headers) in [
        ("no origin", vec![json]),
        ("another origin", vec![json, ("origin", "https://evil.example")]),
        ("a sandbox", vec![json, ("origin", "null")]),
        ("another site", vec![json, ("origin", PS), ("sec-fetch-site", "cross-site")]),
        ("a sibling", vec![json, ("sec-fetch-site", "same-site")]),
        ("an address bar", vec![json, ("sec-fetch-site", "none")]),
        ("a form", vec![("origin", PS), ("content-type", "text/plain")]),
        ("no type", vec![("origin", PS)]),
    ] {
        let reply = browser.raw("PUT", "/api/settings", &headers, body()).await;
        assert_eq!((reply.status, reply.error()), (403, "cross_site"), "{name}");
        let reply = browser.raw("DELETE", "/api/sessions", &headers, Vec::new()).await;
        assert_eq!((reply.status, reply.error()), (403, "cross_site"), "{name}");
    }
    let read = browser.raw("GET", "/api/me", &[("sec-fetch-site", "cross-site")], Vec::new()).await;
    read.refused(403, "cross_site");
    assert_eq!(browser.get("/api/settings").await.body["remember_days"], json!(null));
    // A script's token is sent by nobody but the script.
    let script = Browser::script(&world, &world.ada).await;
    assert_eq!(script.raw("PUT", "/api/settings", &[json], body()).await.status, 200);
    // A cookie beside a token that does not count is not looked at.
    let cookie = browser.cookie().unwrap();
    let both = [("cookie", cookie.as_str()), ("authorization", "Bearer psa_x"), json, ("origin", PS)];
    Browser::new(&world).raw("PUT", "/api/settings", &both, body()).await.refused(401, "unauthenticated");
}

/// Logging somebody in as somebody else is a change too.
#[tokio::test]
async fn other_sites_log_nobody_in() {
    let world = World::new().await;
    let link = people(&world).invite(&world.ada).await.unwrap().unwrap();
    let body = || json!({ "setup_token": link.token }).to_string().into_bytes();
    let browser = Browser::new(&world);
    for origin in ["https://evil.example", "null"] {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        browser.raw("POST", "/api/session", &headers, body()).await.refused(403, "cross_site");
    }
    let form = [("content-type", "text/plain"), ("origin", PS)];
    browser.raw("POST", "/api/session", &form, body()).await.refused(415, "invalid_request");
    let plain = [("content-type", "application/x-www-form-urlencoded")];
    let typed = format!("token={}", link.token).into_bytes();
    browser.raw("POST", "/login", &plain, typed.clone()).await.refused(403, "cross_site");
    // The link is as good as before.
    assert_eq!(browser.raw("POST", "/login", &[plain[0], OURS[0]], typed).await.status, 200);
    assert_eq!(browser.get("/api/me").await.status, 200);
}

#[tokio::test]
async fn a_login_is_one_of_two_things() {
    let world = World::new().await;
    let browser = Browser::new(&world);
    for body in [
        json!({}),
        json!([]),
        json!({ "setup_token": 1 }),
        json!({ "setup_token": "x", "api_token": "y" }),
        json!({ "setup_token": "x", "admin": true }),
    ] {
        browser.post("/api/session", body).await.refused(400, "invalid_request");
    }
    for body in
        [json!({ "setup_token": "" }), json!({ "setup_token": "psu_x" }), json!({ "api_token": "x".repeat(60_000) })]
    {
        browser.post("/api/session", body).await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn guessing_is_slow() {
    let world = World::new().await;
    let browser = Browser::new(&world);
    for _ in 0..20 {
        browser.post("/api/session", json!({ "setup_token": "psu_x" })).await.refused(401, "unauthenticated");
    }
    let late = browser.post("/api/session", json!({ "setup_token": "psu_x" })).await;
    late.refused(429, "rate_limited");
    assert_eq!(late.header("retry-after"), "60");
}

#[tokio::test]
async fn an_api_token_is_made_used_and_ended() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let made = browser.post("/api/api-tokens", json!({ "name": "cron", "expires_at": NOW + HOUR })).await;
    assert_eq!(made.status, 201);
    let (token, id) = (made.text("token"), made.text("id"));
    let script = Browser::with_token(&world, &token);
    assert_eq!(script.get("/api/me").await.body["by"], "api_token");
    // It makes no other, and is no session.
    script.post("/api/api-tokens", json!({ "name": "more" })).await.refused(403, "denied");
    script.get("/api/session").await.refused(404, "not_found");
    script.delete("/api/session").await.refused(400, "invalid_request");
    // Its secret is not told again, and its use is.
    let listed = browser.get("/api/api-tokens").await;
    assert_eq!(listed.body["items"][0]["used_at"], NOW);
    assert!(!listed.body.to_string().contains(&token));
    let begun = Browser::new(&world);
    assert_eq!(begun.post("/api/session", json!({ "api_token": token })).await.status, 201);
    // When it is over, what it began is.
    world.clock.set(NOW + HOUR);
    script.get("/api/me").await.refused(401, "unauthenticated");
    begun.get("/api/me").await.refused(401, "unauthenticated");
    world.clock.set(NOW + HOUR - 1);
    assert_eq!(begun.get("/api/me").await.status, 200);
    let bob = world.person("bob").await;
    Browser::of(&world, &bob).await.delete(&format!("/api/api-tokens/{id}")).await.refused(404, "not_found");
    assert_eq!(browser.delete(&format!("/api/api-tokens/{id}")).await.status, 204);
    script.get("/api/me").await.refused(401, "unauthenticated");
    begun.get("/api/me").await.refused(401, "unauthenticated");
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "a\u{7}" }),
        json!({ "name": "x".repeat(65) }),
        json!({ "name": "x", "expires_at": NOW }),
        json!({ "name": "x", "expires_at": "soon" }),
        json!({ "name": "x", "scope": "all" }),
    ] {
        browser.post("/api/api-tokens", body).await.refused(400, "invalid_request");
    }
    assert_eq!(browser.get("/api/api-tokens").await.body["items"], json!([]));
}

/// Of a secret nothing but its SHA-256 is kept.
#[tokio::test]
async fn no_secret_is_kept() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    let token = browser.post("/api/api-tokens", json!({ "name": "cron" })).await.text("token");
    let link = people(&world).invite(&world.ada).await.unwrap().unwrap();
    let cookie = browser.cookie().unwrap();
    let cookie = cookie.split_once('=').unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    world.store.backup(&file).await.unwrap();
    let bytes = std::fs::read(&file).unwrap();
    for secret in [token.as_str(), link.token.as_str(), cookie] {
        let secret = secret.get(4..).unwrap().as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten() {
    let world = World::new().await;
    let browser = Browser::of(&world, &world.ada).await;
    world.store.prune_sessions(NOW + IDLE - 1).await.unwrap();
    assert_eq!(browser.get("/api/me").await.status, 200);
    world.store.prune_sessions(NOW + IDLE).await.unwrap();
    browser.get("/api/me").await.refused(401, "unauthenticated");
}
