//! What is measured, in turn.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aauth_authorizer::aauth::signature::{SignatureRules, SignedRequest};
use aauth_authorizer::clock::{Clock as _, SystemClock};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::task::LocalSet;

use super::common::Cast;
use super::drive::{Gateway, Verdict};
use super::figures::Figures;
use super::meter;
use super::requests::Agent;
use super::server::Server;

const ROUNDS: usize = 8;
const A_ROUND: usize = 4_000;
const TOKENS: usize = 10_000;
const RELOADS: usize = 5;

/// Everything.
pub(crate) async fn all(figures: &mut Figures) {
    let mut agent = Agent::new(Cast::new());
    let few = Server::start(&agent.cast, 10);
    let gateway = Gateway::to(&few).await;
    let a_second = cost(&few, &gateway, &mut agent, figures).await;
    memory(&few, &gateway, &agent, figures).await;
    latency(&gateway, &mut agent, a_second / 2.0, figures).await;
    drop(few);
    reload(&mut agent, a_second / 4.0, figures).await;
}

/// What checks cost, next to what their signatures cost and to what they cost among 1,000 times the policies. The
/// rounds take turns, so that whatever else the machine does falls on all alike. Returns checks a second.
async fn cost(few: &Server, gateway: &Gateway, agent: &mut Agent, figures: &mut Figures) -> f64 {
    let many = Server::start(&agent.cast, 10_000);
    let among_many = Gateway::to(&many).await;
    gateway.rush(agent.checks(A_ROUND)).await;
    among_many.rush(agent.checks(A_ROUND)).await;
    let [mut verifying, mut checking, mut checking_many, mut wall] = [Duration::ZERO; 4];
    for _ in 0..ROUNDS {
        verifying += verification(agent);
        let (checks, before) = (agent.checks(A_ROUND), meter::cpu(few.pid()));
        wall += gateway.rush(checks).await;
        checking += meter::cpu(few.pid()) - before;
        let (checks, before) = (agent.checks(A_ROUND), meter::cpu(many.pid()));
        among_many.rush(checks).await;
        checking_many += meter::cpu(many.pid()) - before;
    }
    let count = (ROUNDS * A_ROUND) as f64;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
    figures.bounded(
        "check_cpu_ratio",
        checking.as_secs_f64() / verifying.as_secs_f64(),
        2.5,
        "CPU of the authorizer for a warm check over gRPC / CPU of one Ed25519 verification of its signature base",
    );
    figures.bounded(
        "policy_scale_ratio",
        checking_many.as_secs_f64() / checking.as_secs_f64(),
        1.3,
        "CPU of the authorizer for a check among 10,000 policies / among 10",
    );
    figures.told("verification_cpu_us", each(verifying), "CPU of one Ed25519 verification, in microseconds");
    figures.told("check_cpu_us", each(checking), "CPU of the authorizer for a warm check, in microseconds");
    let a_second = count / wall.as_secs_f64();
    figures.told("checks_per_second_one_core", a_second, "warm checks answered in a second by one core");
    a_second
}

/// The CPU of verifying the signatures of one round of checks, as the product verifies them, and of nothing else.
fn verification(agent: &mut Agent) -> Duration {
    let rules = SignatureRules { window: 300, ..SignatureRules::default() };
    let cases: Vec<_> = agent
        .messages(A_ROUND)
        .iter()
        .map(|message| {
            let signed = SignedRequest::read(message, &rules, SystemClock.now()).unwrap().unwrap();
            let signature = message.fields().text("signature").unwrap();
            let encoded = signature.trim_start_matches("sig=:").trim_end_matches(':');
            (signed.base(message).unwrap(), BASE64_STANDARD.decode(encoded).unwrap())
        })
        .collect();
    let key = agent.cast.agent.public();
    let before = meter::cpu(std::process::id());
    for (base, signature) in &cases {
        assert!(key.verifies(black_box(base), signature));
    }
    meter::cpu(std::process::id()) - before
}

/// Memory once so many tokens were seen, all within the minute that they are remembered.
async fn memory(server: &Server, gateway: &Gateway, agent: &Agent, figures: &mut Figures) {
    for first in (1..=TOKENS).step_by(A_ROUND) {
        gateway.rush(agent.strangers(first..(first + A_ROUND).min(TOKENS + 1))).await;
    }
    let resident = meter::resident(server.pid());
    figures.bounded("rss_mb", resident, 100.0, "resident memory after 10,000 distinct tokens, in MB");
}

/// How long an answer takes at half the load that one core bears.
async fn latency(gateway: &Gateway, agent: &mut Agent, a_second: f64, figures: &mut Figures) {
    let taken = gateway.pace(agent.checks(8 * A_ROUND), a_second).await;
    let micros = |part: f64| {
        let at = (taken.len() as f64 * part) as usize;
        taken.get(at.min(taken.len() - 1)).unwrap().as_secs_f64() * 1e6
    };
    figures.told("latency_p50_us", micros(0.5), "half the answers come within so many microseconds, at half that load");
    figures.told("latency_p99_us", micros(0.99), "99 of 100 answers");
    figures.told("latency_p999_us", micros(0.999), "999 of 1,000 answers");
}

/// From the save of a changed policy, one of 1,000, until the decision changes; the slowest of a few. Meanwhile
/// other checks go on, and each has to be answered as ever.
async fn reload(agent: &mut Agent, a_second: f64, figures: &mut Figures) {
    let server = Server::start(&agent.cast, 1_000);
    let gateway = Gateway::to(&server).await;
    gateway.rush(agent.checks(A_ROUND)).await;
    let file = server.folder.policies_from(0);
    let permits = fs::read_to_string(&file).unwrap();
    let forbids = permits.replace("@id(\"c3\")\n@scope(\"orders.read\")\npermit", "@id(\"c3\")\nforbid");
    assert_ne!(permits, forbids);

    let work = LocalSet::new();
    let (checks, others) = (agent.checks(a_second as usize * RELOADS), gateway.clone());
    let others = work.spawn_local(async move { others.pace(checks, a_second).await });
    let slowest = work
        .run_until(async {
            let mut slowest = Duration::ZERO;
            for number in 0..RELOADS {
                let (text, expected) =
                    if number % 2 == 0 { (&forbids, Verdict::Denied) } else { (&permits, Verdict::Allowed) };
                tokio::time::sleep(Duration::from_millis(300)).await;
                assert!(!others.is_finished(), "checks have to go on meanwhile");
                let saved = Instant::now();
                fs::write(&file, text).unwrap();
                while gateway.ask(agent.check_of("/v1/c3/items")).await != expected {
                    assert!(saved.elapsed() < Duration::from_secs(20), "the change never took effect");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                slowest = slowest.max(saved.elapsed());
            }
            others.await.unwrap();
            slowest
        })
        .await;
    figures.bounded(
        "reload_seconds",
        slowest.as_secs_f64(),
        1.0,
        "from the save of one of 1,000 policies until it decides, while checks run and none fails",
    );
}
