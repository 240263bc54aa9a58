//! What a mesh makes of requests and of processes: hosts written in many ways, resources named by the gateway, bodies cut
//! short, gateways told to fail open, health over the real port, and a process asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::client::{Request, Response, get};
use crate::support::gateway::Gateway;
use crate::support::process::{eventually, free_port};
use crate::support::scene::{HOST, ORDERS, Scene, Signed};
use crate::support::upstream::Received;

/// A gateway of another kind, in front of the same authorizer and upstream.
fn gateway(scene: &Scene) -> Gateway {
    Gateway::between(scene.authorizer.place.grpc, scene.upstream.address)
}

fn detail(answer: &Response) -> String {
    answer.json().get("detail").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn without_a_name_the_host_says_which_resource_it_is() {
    // TLS ended before this gateway, so the default port is no longer told by the scheme.
    let scene = Scene::new(true, "    scheme_override: https");
    let agent = scene.cast.agent_token();
    let request = scene.cast.get("/public/catalog", &agent);
    for host in ["orders.example", "ORDERS.Example", "Orders.EXAMPLE:443"] {
        let answer = scene.send(&request.clone().rehosted(host));
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
    }
    // Another port is another authority: who signed for it passes, who did not does not.
    let answer = scene.send(&request.clone().rehosted("orders.example:8443"));
    assert_eq!((answer.status, answer.header("signature-error")), (401, Some("error=invalid_signature")));
    let ported = Signed { host: "orders.example:8443", target: "/public/catalog", token: &agent, ..Signed::default() };
    let ported = scene.cast.signed(ported);
    assert_eq!(scene.send(&ported).status, 200);
    assert_eq!(scene.send(&ported.rehosted("ORDERS.example:8443")).status, 200);

    for host in ["elsewhere.example", "orders.example.evil.example", "evil-orders.example", ""] {
        let answer = scene.send(&request.clone().rehosted(host));
        assert!(matches!(answer.status, 400 | 403), "{host}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("signature-error"), None);
    }
}

#[test]
fn a_gateway_may_name_the_resource() {
    let scene = Scene::new(true, "");
    let agent = scene.cast.agent_token();
    let request = scene.cast.get("/public/catalog", &agent);
    let ours = gateway(&scene).extension("aauth_resource_id", "orders").start();
    let answer = request.send(ours.address);
    assert_eq!(Received::from(&answer).values("x-aauth-resource"), ["orders"]);

    // A name does not open a host that the resource is not served under.
    let foreign = Signed { host: "api.evil.example", target: "/public/catalog", token: &agent, ..Signed::default() };
    let answer = scene.cast.signed(foreign).send(ours.address);
    assert_eq!((answer.status, detail(&answer).as_str()), (403, "this resource is not served under this host"));

    // A name that is not ours is a mistake of the gateway; the host must not make up for it.
    let unknown = gateway(&scene).extension("aauth_resource_id", "invoices").start();
    let answer = request.send(unknown.address);
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(detail(&answer), "the gateway names a resource that is not configured");
}

#[test]
fn our_own_failure_is_a_denial_even_for_a_gateway_that_fails_open() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let scene = Scene::with_person_server(true, "", Some(nobody));
    let open = gateway(&scene).failure_mode_allow(true).start();
    let request = scene.cast.get("/v1/orders/42", &scene.cast.auth_token(&["orders.read"]));
    for _ in 0..2 {
        let answer = request.send(open.address);
        assert_eq!((answer.status, answer.header("signature-error")), (503, None), "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    // An issuer whose keys are known is not concerned.
    assert_eq!(scene.cast.get("/public/catalog", &scene.cast.agent_token()).send(open.address).status, 200);
    assert_eq!(scene.upstream.served(), 1);
}

#[test]
fn a_slow_issuer_is_given_up_before_the_gateway_gives_us_up() {
    // Only the gateway says how little time there is, by the deadline of its call.
    let scene = Scene::new(true, "limits: { check_timeout: 20s }");
    scene.agents.delay(Duration::from_secs(20));
    let open = gateway(&scene).patience(Duration::from_secs(2)).failure_mode_allow(true).start();
    let answer = scene.cast.get("/public/catalog", &scene.cast.agent_token()).send(open.address);
    assert_eq!((answer.status, scene.upstream.served()), (503, 0), "{}", answer.text());
    eventually("logged", || scene.authorizer.output().contains("\"code\":\"timeout\""));
}

#[test]
fn a_body_cut_short_cannot_prove_its_digest() {
    let scene = Scene::new(true, "");
    let token = scene.cast.auth_token(&["orders.write"]);
    let body = vec![b'x'; 70_000];
    let cut = gateway(&scene).partial_bodies(true).start();
    let headers = [("content-type", "application/octet-stream")];
    let upload = Signed { target: "/v1/orders", token: &token, headers: &headers, body: &body, ..Signed::json() };

    let answer = scene.cast.signed(upload).send(cut.address);
    assert_eq!((answer.status, scene.upstream.served()), (413, 0), "{}", answer.text());
    // Where the body is not signed there is nothing to prove, and all of it arrives.
    let answer = scene.cast.signed(Signed { cover: &[], ..upload }).send(cut.address);
    assert_eq!(Received::from(&answer).body().len(), body.len(), "{}", answer.text());
    let small = scene.cast.signed(Signed { body: b"small", ..upload });
    assert_eq!(Received::from(&small.send(cut.address)).body(), b"small");
}

/// What `grpc.health.v1` says of each name a gateway may ask by; `None` where nobody answers.
fn health(scene: &Scene) -> Option<[i32; 2]> {
    let address = format!("http://{}", scene.authorizer.place.grpc);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut client = HealthClient::new(Endpoint::new(address).unwrap().connect().await.ok()?);
        let mut statuses = [0; 2];
        for (status, service) in statuses.iter_mut().zip(["", "envoy.service.auth.v3.Authorization"]) {
            let answer = client.check(HealthCheckRequest { service: service.to_owned() }).await.ok()?;
            *status = answer.into_inner().status;
        }
        Some(statuses)
    })
}

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

#[test]
fn asked_to_stop_it_says_so_and_finishes_what_it_began() {
    let mut scene = Scene::new(true, "limits: { check_timeout: 8s }");
    let patient = gateway(&scene).patience(Duration::from_secs(8)).start();
    assert_eq!(health(&scene), Some([SERVING; 2]));
    // Two documents, one after the other, of an issuer that takes its time: longer than health is told to be bad.
    scene.agents.delay(Duration::from_millis(500));
    let (request, address) = (scene.cast.get("/public/catalog", &scene.cast.agent_token()), patient.address);
    let under_way = std::thread::spawn(move || request.send(address));
    while scene.agents.begun() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }

    scene.authorizer.terminate();
    eventually("not serving", || health(&scene) != Some([SERVING; 2]));
    assert_eq!(health(&scene), Some([NOT_SERVING; 2]), "{}", scene.authorizer.output());
    let ready = get(scene.authorizer.place.http, "/readyz");
    assert!(ready.is_none_or(|answer| answer.status == 503));
    let answer = under_way.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(scene.authorizer.ended(), "{}", scene.authorizer.output());
    assert!(scene.authorizer.output().contains("the authorizer has stopped"));
    assert_eq!(scene.send(&Request::new("GET", HOST, "/public/catalog")).status, 403);
}

#[test]
fn the_resource_speaks_for_itself_under_its_own_host_only() {
    let scene = Scene::new(true, "");
    let metadata = scene.at_the_resource("/.well-known/aauth-resource.json");
    assert_eq!(metadata.json().get("issuer").and_then(Value::as_str), Some(ORDERS));
    let elsewhere = Request::new("GET", "elsewhere.example", "/.well-known/aauth-resource.json");
    assert_eq!(elsewhere.send(scene.authorizer.place.http).status, 404);
}
