//! Scenes with the person: whose agent it is, what she does not agree to, what she sends it on, and that she ends it.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::screen;
use super::stage::Stage;
use super::tally::Tally;
use crate::aauth::identifier::AgentId;
use crate::agent::Agent;
use crate::agent::enroll::{Credentials, Enrollment, Introduction, Progress, Waiting};
use crate::demo::names::{AGENT, PERSON};
use crate::demo::world::{PATIENCE, World};

/// An agent of Ada's.
#[derive(Debug)]
pub(super) struct Enrolled {
    pub(super) id: AgentId,
    pub(super) agent: Agent,
}

pub(super) async fn enrolled(world: &World, tally: &mut Tally) -> anyhow::Result<Enrolled> {
    tally.title("A key becomes Ada's agent");
    let stranger = world.stranger()?;
    let introduction = Introduction {
        agent_name: AGENT.to_owned(),
        platform: Some("demo".to_owned()),
        device: Some("her laptop".to_owned()),
    };
    let Progress::Waiting(waiting) = stranger.start(&introduction).await? else {
        anyhow::bail!("the person server enrols an agent without asking anybody");
    };
    let credentials = approved(world, &stranger, waiting).await?;
    screen::aside("person server", &format!("calls it {}", credentials.agent));
    tally.expect(credentials.expires_in > 0, "the agent has a name and a token, since Ada said yes");
    Ok(Enrolled { agent: world.agent(&stranger, &credentials)?, id: credentials.agent })
}

async fn approved(world: &World, stranger: &Enrollment, waiting: Waiting) -> anyhow::Result<Credentials> {
    let shown = waiting.interaction.clone().context("the person server does not say where Ada is to go")?;
    screen::aside("agent", &format!("shows {PERSON} {}", shown.link()));
    world.ada.follow(&shown.code).await?;
    world.ada.said().iter().for_each(|line| screen::aside(PERSON, line));
    Ok(stranger.finish(waiting, PATIENCE).await?)
}

/// What a policy asks for, a person need not give.
pub(super) async fn refused(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("It wants to give a refund: Ada says no");
    let refusal = stage.refusal("POST", "/refunds", br#"{"order":42}"#).await?;
    stage.tally.expect(refusal.as_deref() == Some("denied"), "without her consent there is no token, and no refund");
    Ok(())
}

/// A mission is approved once; what belongs to it is not asked again.
pub(super) async fn on_a_mission(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("Ada sends it on a mission");
    let tools = json!([{ "name": "book_room", "description": "Book a meeting room" }]);
    let mission = json!({ "description": "Get tea and a room for Monday's meeting", "tools": tools });
    let begun = stage.ask("/mission", &mission).await?;
    let s256 = begun.get("s256").and_then(Value::as_str).unwrap_or_default().to_owned();
    stage.tally.expect(!s256.is_empty(), "the mission is approved, with the tool that it takes");
    let asked = stage.asked;
    let permit = |action: &str| json!({ "action": action, "mission_s256": s256 });
    let granted = stage.ask("/permission", &permit("book_room")).await?;
    let granted = granted.get("permission").and_then(Value::as_str) == Some("granted");
    stage.tally.expect(granted && stage.asked == asked, "booking the room is part of it: nobody is asked again");
    stage.ask("/permission", &permit("book_flight")).await?;
    stage.tally.expect(stage.asked > asked, "booking a flight is not: Ada is asked");
    Ok(())
}

/// What is ended is ended everywhere: her person server tells the resource.
pub(super) async fn dismissed(stage: &mut Stage<'_>, agent: &AgentId) -> anyhow::Result<()> {
    stage.tally.title("Ada ends its access");
    stage.world.ada.end(agent).await?;
    screen::aside(PERSON, &format!("ends {agent}"));
    let body = br#"{"item":"one more"}"#;
    let signed = stage.sign("POST", "/v1/orders", body)?;
    let answer = stage.send_signed("POST", "/v1/orders", &signed, body, "auth token").await?;
    stage.tally.expect(answer.has_error("revoked_jwt"), "the token it holds is worth nothing any more, at once");
    let refusal = stage.refusal("POST", "/v1/orders", body).await?;
    stage.tally.expect(refusal.is_some(), "and it gets no other");
    Ok(())
}
