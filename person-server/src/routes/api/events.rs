//! `/api/events`: what waits, as it changes, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Serialize;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use utoipa::ToSchema;

use super::super::Shared;
use super::extract::Me;
use super::openapi::{APPROVALS, Problems};
use crate::app::Outcome;
use crate::app::persons::Waits;

/// Between two signs of life, for proxies that hang up on silence.
const BEAT: Duration = Duration::from_secs(15);

/// `data` of an event `approvals`: all that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitsView {
    /// What waits, the earliest first.
    waiting: Vec<WaitView>,
}

/// Something that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitView {
    /// The id of the approval.
    id: String,
    /// Another text whenever something about it changed.
    revision: String,
}

#[utoipa::path(get, path = "/api/events", tag = APPROVALS, summary = "What waits, as it changes",
    description = "Events named `approvals`: one at once, and one whenever what waits has changed. Comments are signs of life.",
    responses((status = 200, body = WaitsView, content_type = "text/event-stream"), Problems))]
pub(super) async fn stream(
    State(server): State<Shared>,
    Me(caller): Me,
) -> Outcome<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let waits = ReceiverStream::new(server.watch(caller)?);
    Ok(Sse::new(waits.map(|waits| Ok(event(waits)))).keep_alive(KeepAlive::new().interval(BEAT)))
}

fn event(waits: Waits) -> Event {
    let waiting = waits.asks.into_iter().map(|(id, revision)| WaitView { id, revision }).collect();
    // Two lists of strings always are JSON; an event without data is ignored by browsers.
    Event::default().event("approvals").json_data(WaitsView { waiting }).unwrap_or_default()
}
