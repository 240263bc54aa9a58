//! The agent's way through the access modes, and what is expected of each step.
//!
//! Each scene makes real requests at the gateway and then states what must hold, so that the demo is a test as well.

mod screen;
mod stage;

use super::names::PERSON;
use super::world::World;

use stage::{Stage, Told};

/// Walks every scene. `false` when any of them came out otherwise than the sample policies say.
pub(super) async fn walk(world: &World) -> anyhow::Result<bool> {
    let mut stage = Stage::new(world)?;
    unsigned(&mut stage).await?;
    identified(&mut stage).await?;
    consented(&mut stage).await?;
    stepped_up(&mut stage).await?;
    hidden(&mut stage).await?;
    forged(&mut stage).await?;
    tampered(&mut stage).await?;
    replayed(&mut stage).await?;
    Ok(stage.conclude())
}

async fn unsigned(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("A request without a signature");
    let answer = stage.send_unsigned("GET", "/v1/orders/42").await?;
    stage.expect(answer.status == 401, "nobody is anonymous here: 401, and what would help");
    stage.expect(answer.requires("agent-token"), "the answer asks for an agent token");
    Ok(())
}

async fn identified(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("The agent says who it is");
    let answer = stage.call("GET", "/public/catalog", &[], b"").await?;
    stage.expect(answer.status == 200, "the catalogue is for every identified agent");
    stage.expect(answer.told("x-aauth-agent") == Told::Is(super::names::AGENT), "the API is told which agent it is");
    Ok(())
}

async fn consented(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("It reads an order: whose, and may it?");
    let answer = stage.call("GET", "/v1/orders/42", &[], b"").await?;
    stage.expect(answer.status == 200, "with the person's consent, the order is served");
    stage.expect(answer.told("x-aauth-person") == Told::Is(PERSON), "the API is told for which person");
    stage.expect(answer.told("x-aauth-scope") == Told::Is("orders.read"), "and with what scope: as little as would do");
    Ok(())
}

async fn stepped_up(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("It places an order: that takes more");
    let answer = stage.call("POST", "/v1/orders", &[], br#"{"item":"biscuits"}"#).await?;
    stage.expect(answer.status == 201, "one more consent, and the order is placed");
    stage.expect(answer.told("x-aauth-scope") == Told::Is("orders.write"), "the scope is the one that was asked for");
    Ok(())
}

async fn hidden(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("It looks where it has no business");
    let answer = stage.call("GET", "/internal/ledger", &[], b"").await?;
    stage.expect(answer.status == 404, "a guard rail hides what is internal, whatever the token");
    Ok(())
}

async fn forged(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("It claims to be somebody else");
    let forged = [("x-aauth-person", "mallory"), ("x-aauth-tenant", "acme")];
    let answer = stage.call("POST", "/v1/orders", &forged, br#"{"item":"everything"}"#).await?;
    stage.expect(answer.status == 201, "the request itself is in order");
    stage.expect(answer.told("x-aauth-person") == Told::Is(PERSON), "the API is told the truth instead");
    stage.expect(answer.told("x-aauth-tenant") == Told::Nothing, "and nothing that was not proved");
    Ok(())
}

async fn tampered(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("Somebody changes its requests on the way");
    let signed = stage.sign("GET", "/v1/orders/42", b"")?;
    let answer = stage.send_signed("GET", "/v1/orders/43", &signed, b"", "other path").await?;
    stage.expect(answer.status == 401 && answer.has_error("invalid_signature"), "another path breaks the signature");
    let signed = stage.sign("POST", "/v1/orders", br#"{"item":"tea","count":1}"#)?;
    let body = br#"{"item":"tea","count":9}"#;
    let answer = stage.send_signed("POST", "/v1/orders", &signed, body, "other body").await?;
    stage.expect(answer.status == 401 && answer.has_error("invalid_signature"), "so does another body");
    Ok(())
}

async fn replayed(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.title("Somebody sends its order twice");
    let body = br#"{"item":"tea"}"#;
    let signed = stage.sign("POST", "/v1/orders", body)?;
    let first = stage.send_signed("POST", "/v1/orders", &signed, body, "signed").await?;
    stage.expect(first.status == 201, "the first is the agent's own");
    let second = stage.send_signed("POST", "/v1/orders", &signed, body, "the same").await?;
    stage.expect(second.status == 401, "what has an effect is let through once");
    Ok(())
}
