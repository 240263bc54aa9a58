//! A gateway under load: a few connections, many checks under way on each.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use envoy_types::pb::envoy::service::auth::v3::CheckRequest;
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use tokio::task::{LocalSet, yield_now};
use tonic::transport::{Channel, Endpoint};

use super::server::Server;

const CONNECTIONS: usize = 4;

/// Checks under way at once, over all connections.
const AT_ONCE: usize = 64;

/// What one check was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// A denial that is nobody's fault: 401 or 403.
    Denied,
}

/// Connections to one authorizer.
#[derive(Debug, Clone)]
pub(crate) struct Gateway(Vec<AuthorizationClient<Channel>>);

impl Gateway {
    pub(crate) async fn to(server: &Server) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", server.folder.grpc)).unwrap();
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(AuthorizationClient::new(endpoint.connect().await.unwrap()));
        }
        Self(clients)
    }

    fn client(&self, number: usize) -> AuthorizationClient<Channel> {
        self.0.iter().cycle().nth(number % CONNECTIONS).cloned().unwrap()
    }

    /// One check. A call that fails, and a 5xx, end the bench.
    pub(crate) async fn ask(&self, check: CheckRequest) -> Verdict {
        verdict(self.client(0), check).await
    }

    /// All the checks as fast as they are answered, each of which has to be allowed. How long that took.
    pub(crate) async fn rush(&self, checks: Vec<CheckRequest>) -> Duration {
        let queue = Rc::new(RefCell::new(checks.into_iter()));
        let work = LocalSet::new();
        let start = Instant::now();
        for number in 0..AT_ONCE {
            let (client, queue) = (self.client(number), Rc::clone(&queue));
            work.spawn_local(async move {
                loop {
                    let next = queue.borrow_mut().next();
                    let Some(check) = next else { break };
                    assert_eq!(verdict(client.clone(), check).await, Verdict::Allowed);
                }
            });
        }
        work.await;
        start.elapsed()
    }

    /// The checks at an even pace, whatever becomes of those before. How long each took from when it was due, sorted.
    pub(crate) async fn pace(&self, checks: Vec<CheckRequest>, a_second: f64) -> Vec<Duration> {
        let taken = Rc::new(RefCell::new(Vec::with_capacity(checks.len())));
        let work = LocalSet::new();
        let pace = Duration::from_secs_f64(1.0 / a_second);
        let times = Rc::clone(&taken);
        let gateway = self.clone();
        work.run_until(async move {
            let mut due = Instant::now();
            let mut under_way = Vec::new();
            for (number, check) in checks.into_iter().enumerate() {
                // Timers are coarser than the pace.
                while Instant::now() < due {
                    yield_now().await;
                }
                let (client, times) = (gateway.client(number), Rc::clone(&times));
                under_way.push(tokio::task::spawn_local(async move {
                    assert_eq!(verdict(client, check).await, Verdict::Allowed);
                    times.borrow_mut().push(due.elapsed());
                }));
                due += pace;
            }
            for task in under_way {
                task.await.unwrap();
            }
        })
        .await;
        let mut taken = taken.take();
        taken.sort_unstable();
        taken
    }
}

async fn verdict(mut client: AuthorizationClient<Channel>, check: CheckRequest) -> Verdict {
    use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
    let response = client.check(check).await.unwrap().into_inner();
    match (response.status.map(|status| status.code), response.http_response) {
        (Some(0), Some(HttpResponse::OkResponse(_))) => Verdict::Allowed,
        (Some(_), Some(HttpResponse::DeniedResponse(denied))) => {
            let status = denied.status.unwrap_or_default().code;
            assert!((400..500).contains(&status), "the authorizer failed: {denied:?}");
            Verdict::Denied
        }
        (code, response) => panic!("no verdict: {code:?} {response:?}"),
    }
}
