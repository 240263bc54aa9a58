//! API
use axum::Router;
use super::Shared;
pub(super) fn router(_: &Shared) -> Router<Shared> { Router::new() }
