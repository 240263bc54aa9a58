//! What is measured, in turn: two servers, one with a thousand times the grants of the other, in rounds that take turns, so
//! that whatever else the machine does falls on both alike.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::cast::{AT_ONCE, Cast};
use super::connection::Connection;
use super::figures::Figures;
use super::meter;
use super::server::Server;

const FEW: usize = 100;
const MANY: usize = 100_000;

const ROUNDS: usize = 9;
/// Pairs of one agent in a round.
const A_ROUND: usize = 50;

/// What one server took for its rounds.
#[derive(Debug, Default)]
struct Taken {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
    pairs: Vec<Duration>,
}

/// Everything.
pub(crate) async fn all(figures: &mut Figures) {
    let cast = Rc::new(Cast::new());
    let few = Server::start(&cast, FEW).await;
    let many = Server::start(&cast, MANY).await;
    let (mut among_few, mut among_many) = (Taken::default(), Taken::default());
    for server in [&few, &many] {
        Taken::default().round(server, &cast).await;
    }
    for _ in 0..ROUNDS {
        among_few.round(&few, &cast).await;
        among_many.round(&many, &cast).await;
    }
    told(&mut among_few, &mut among_many, figures);
}

impl Taken {
    /// All agents at once, each so many pairs.
    async fn round(&mut self, server: &Server, cast: &Rc<Cast>) {
        let work = LocalSet::new();
        let mut agents = Vec::new();
        for number in 0..AT_ONCE {
            let (cast, mut connection) = (Rc::clone(cast), Connection::open(server.address).await);
            agents.push(work.spawn_local(async move {
                let worker = cast.workers.get(number).unwrap();
                let mut taken = Vec::with_capacity(A_ROUND);
                for _ in 0..A_ROUND {
                    taken.push(worker.pair(&mut connection, &cast.resource).await);
                }
                taken
            }));
        }
        let (began, spent) = (Instant::now(), meter::cpu(server.pid()));
        work.await;
        self.wall.push(began.elapsed());
        self.cpu.push(meter::cpu(server.pid()).saturating_sub(spent));
        for agent in agents {
            self.pairs.extend(agent.await.unwrap());
        }
    }
}

fn told(few: &mut Taken, many: &mut Taken, figures: &mut Figures) {
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    let count = (AT_ONCE * A_ROUND) as f64;
    let wall = part(&mut many.wall, 0.5);
    figures.at_least(
        "pairs_per_second",
        count / wall.as_secs_f64(),
        500.0,
        "person token and auth token pairs issued in a second to 16 agents at once, among 100,000 grants",
    );
    figures.below(
        "pair_p99_ms",
        millis(part(&mut many.pairs, 0.99)),
        100.0,
        "99 of 100 pairs are there within so many milliseconds",
    );
    let cpu = part(&mut many.cpu, 0.5);
    figures.at_most(
        "grant_scale_ratio",
        cpu.as_secs_f64() / part(&mut few.cpu, 0.5).as_secs_f64(),
        1.2,
        "CPU of the person server for a pair among 100,000 grants / among 100",
    );
    let walls = wall.as_secs_f64() / part(&mut few.wall, 0.5).as_secs_f64();
    figures.told("grant_scale_wall_ratio", walls, 2, "the same by the clock on the wall");
    figures.told("pair_p50_ms", millis(part(&mut many.pairs, 0.5)), 1, "half the pairs");
    figures.told("pair_cpu_us", millis(cpu) * 1e3 / count, 0, "CPU of the person server for a pair, in microseconds");
}

/// The value that this part of them is not above.
fn part(of: &mut [Duration], part: f64) -> Duration {
    of.sort_unstable();
    let at = (of.len() as f64 * part) as usize;
    *of.get(at.min(of.len() - 1)).unwrap()
}
