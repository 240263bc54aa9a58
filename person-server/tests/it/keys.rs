//! "JWKS Discovery and Caching", from the side of who publishes: keys in a directory, rotated while the server runs.

use person_server::app::Keys;
use person_server::app::keys::{KeyDirectory, OVERLAP};

use super::support::{Device, NOW, World};

/// An agent token of the old key is good until it ends; the new key signs once everybody can know it.
#[tokio::test]
async fn tokens_outlive_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let (keys, _) = Keys::open(&path, NOW).unwrap();
    let world = World::with_keys(keys.clone()).await;
    let device = Device::new("planner");
    let before = device.enrolled(&world).await;
    let ask = serde_json::json!({ "resource": "https://orders.example", "capabilities": ["interaction"] });
    let kid = |token: &str| super::support_header(token)["kid"].as_str().unwrap().to_owned();

    let new = KeyDirectory::at(&path).rotate(NOW, OVERLAP).unwrap();
    keys.reload(NOW + 30).unwrap();
    assert_eq!(published(&world).await, [kid(&before.token), new.kid.clone()]);
    let during = device.agent(&world, &device.refresh(&world).await);
    assert_eq!(kid(&during.token), kid(&before.token));

    world.clock.set(NOW + OVERLAP);
    keys.reload(NOW + OVERLAP).unwrap();
    let after = device.agent(&world, &device.refresh(&world).await);
    assert_eq!(kid(&after.token), new.kid);
    for agent in [&before, &during, &after] {
        assert_eq!(world.post(agent, "/person", ask.clone()).await.status, 202);
    }
    world.clock.set(NOW + OVERLAP + 25 * 3600);
    keys.reload(NOW + OVERLAP + 25 * 3600).unwrap();
    assert_eq!(published(&world).await, [new.kid]);
}

async fn published(world: &World) -> Vec<String> {
    let jwks = world.raw("GET", "/.well-known/jwks.json", &[], Vec::new()).await;
    assert_eq!(jwks.header("cache-control"), "public, max-age=300");
    let mut kids: Vec<_> = jwks.body["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            assert_eq!((&key["alg"], &key["use"], &key["kty"]), (&"Ed25519".into(), &"sig".into(), &"OKP".into()));
            assert!(key.get("d").is_none());
            key["kid"].as_str().unwrap().to_owned()
        })
        .collect();
    kids.sort();
    kids
}
