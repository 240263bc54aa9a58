//! Scenes at the orders API: what the sample policies ask for, and what gets nobody anywhere.

use super::stage::{Stage, Told};
use crate::aauth::identifier::AgentId;

pub(super) async fn unsigned(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("A request without a signature");
    let answer = stage.send_unsigned("GET", "/v1/orders/42").await?;
    stage.tally.expect(answer.status == 401, "nobody is anonymous here: 401, and what would help");
    stage.tally.expect(answer.requires("agent-token"), "the answer asks for an agent token");
    Ok(())
}

pub(super) async fn identified(stage: &mut Stage<'_>, agent: &AgentId) -> anyhow::Result<()> {
    stage.tally.title("The agent says who it is");
    let answer = stage.call("GET", "/public/catalog", &[], b"").await?;
    stage.tally.expect(answer.status == 200, "the catalogue is for every identified agent");
    stage.tally.expect(answer.told("x-aauth-agent") == Told::Is(agent.as_str()), "the API is told which agent it is");
    Ok(())
}

pub(super) async fn consented(stage: &mut Stage<'_>) -> anyhow::Result<String> {
    stage.tally.title("It reads an order: whose, and may it?");
    let answer = stage.call("GET", "/v1/orders/42", &[], b"").await?;
    stage.tally.expect(answer.status == 200, "with the person's consent, the order is served");
    let person = match answer.told("x-aauth-person") {
        Told::Is(person) => person.to_owned(),
        Told::Nothing => String::new(),
    };
    stage.tally.expect(!person.is_empty(), "the API is told for which person, by a name that is for it alone");
    stage
        .tally
        .expect(answer.told("x-aauth-scope") == Told::Is("orders.read"), "and with what scope: as little as would do");
    Ok(person)
}

pub(super) async fn stepped_up(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("It places an order: that takes more");
    let answer = stage.call("POST", "/v1/orders", &[], br#"{"item":"biscuits"}"#).await?;
    stage.tally.expect(answer.status == 201, "one more consent, and the order is placed");
    stage
        .tally
        .expect(answer.told("x-aauth-scope") == Told::Is("orders.write"), "the scope is the one that was asked for");
    Ok(())
}

pub(super) async fn hidden(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("It looks where it has no business");
    let answer = stage.call("GET", "/internal/ledger", &[], b"").await?;
    stage.tally.expect(answer.status == 404, "a guard rail hides what is internal, whatever the token");
    Ok(())
}

pub(super) async fn forged(stage: &mut Stage<'_>, person: &str) -> anyhow::Result<()> {
    stage.tally.title("It claims to be somebody else");
    let forged = [("x-aauth-person", "mallory"), ("x-aauth-tenant", "acme")];
    let answer = stage.call("POST", "/v1/orders", &forged, br#"{"item":"everything"}"#).await?;
    stage.tally.expect(answer.status == 201, "the request itself is in order");
    stage.tally.expect(answer.told("x-aauth-person") == Told::Is(person), "the API is told the truth instead");
    stage.tally.expect(answer.told("x-aauth-tenant") == Told::Nothing, "and nothing that was not proved");
    Ok(())
}

pub(super) async fn tampered(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("Somebody changes its requests on the way");
    let signed = stage.sign("GET", "/v1/orders/42", b"")?;
    let answer = stage.send_signed("GET", "/v1/orders/43", &signed, b"", "other path").await?;
    stage
        .tally
        .expect(answer.status == 401 && answer.has_error("invalid_signature"), "another path breaks the signature");
    let signed = stage.sign("POST", "/v1/orders", br#"{"item":"tea","count":1}"#)?;
    let body = br#"{"item":"tea","count":9}"#;
    let answer = stage.send_signed("POST", "/v1/orders", &signed, body, "other body").await?;
    stage.tally.expect(answer.status == 401 && answer.has_error("invalid_signature"), "so does another body");
    Ok(())
}

pub(super) async fn replayed(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.tally.title("Somebody sends its order twice");
    let body = br#"{"item":"tea"}"#;
    let signed = stage.sign("POST", "/v1/orders", body)?;
    let first = stage.send_signed("POST", "/v1/orders", &signed, body, "signed").await?;
    stage.tally.expect(first.status == 201, "the first is the agent's own");
    let second = stage.send_signed("POST", "/v1/orders", &signed, body, "the same").await?;
    stage.tally.expect(second.status == 401, "what has an effect is let through once");
    Ok(())
}
