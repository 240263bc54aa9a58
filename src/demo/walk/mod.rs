//! The agent's way through the access modes, and what is expected of each step.
//!
//! Each scene makes real requests and then states what must hold, so that the demo is a test as well.
//!
//! | file | what it is |
//! |---|---|
//! | `orders` | scenes at the orders API |
//! | `persons` | scenes with the person |
//! | `stage` | where scenes are played |
//! | `tally`, `screen` | what held, and how it all looks |

mod orders;
mod persons;
mod screen;
mod stage;
mod tally;

use super::world::World;

use stage::Stage;
use tally::Tally;

/// Walks every scene. `false` when any of them came out otherwise than the sample policies say.
pub(super) async fn walk(world: &World) -> anyhow::Result<bool> {
    let mut tally = Tally::default();
    let enrolled = persons::enrolled(world, &mut tally).await?;
    let mut stage = Stage::new(world, enrolled.agent, tally);
    orders::unsigned(&mut stage).await?;
    orders::identified(&mut stage, &enrolled.id).await?;
    let person = orders::consented(&mut stage).await?;
    orders::stepped_up(&mut stage).await?;
    persons::refused(&mut stage).await?;
    orders::hidden(&mut stage).await?;
    orders::forged(&mut stage, &person).await?;
    orders::tampered(&mut stage).await?;
    orders::replayed(&mut stage).await?;
    persons::on_a_mission(&mut stage).await?;
    persons::dismissed(&mut stage, &enrolled.id).await?;
    Ok(stage.tally.conclude())
}
