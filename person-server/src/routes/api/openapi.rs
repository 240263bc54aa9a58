//! `/api/openapi.json`: this API, described in OpenAPI 3.1.

use axum::Json;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

use super::{
    agents, api_tokens, approvals, audit, consents, events, me, missions, providers, revocations, session, settings,
    tokens,
};
use crate::app::{Outcome, Refusal};

pub(super) const ME: &str = "me";
pub(super) const SESSIONS: &str = "sessions";
pub(super) const API_TOKENS: &str = "api tokens";
pub(super) const APPROVALS: &str = "approvals";
pub(super) const AGENTS: &str = "agents";
pub(super) const MISSIONS: &str = "missions";
pub(super) const CONSENTS: &str = "consents";
pub(super) const TOKENS: &str = "tokens";
pub(super) const AUDIT: &str = "audit";
pub(super) const SETTINGS: &str = "settings";
const DESCRIPTION: &str = "description";

/// What is wrong, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The HTTP status.
    status: u16,
    /// What a program acts on.
    error: String,
    /// For whoever reads it.
    detail: Option<String>,
}

/// What every part of the API may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "described, not made: refusals are made elsewhere")]
pub(super) enum Problems {
    /// The request is wrong.
    #[response(status = "4XX", content_type = "application/problem+json")]
    Wrong(#[to_schema] Problem),
    /// The server failed, or is busy.
    #[response(status = "5XX", content_type = "application/problem+json")]
    Failed(#[to_schema] Problem),
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "The person's API of a Person Server",
        description = "Approvals, agents, consents, tokens and settings of one person: whoever logs in, or whose API \
                       token it is. Times are seconds since 1970. A change by cookie comes from a page of this origin \
                       and is JSON, or carries `X-Requested-With`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        me::me,
        session::log_in, session::this, session::log_out, session::list, session::end_all, session::end,
        api_tokens::list, api_tokens::add, api_tokens::end,
        approvals::list, approvals::one, approvals::decide, approvals::arrive, events::stream,
        agents::list, agents::one, agents::rename, agents::end, agents::devices, agents::end_device,
        missions::list, missions::one, missions::log, missions::terminate,
        consents::list, consents::end,
        tokens::list, tokens::end, revocations::one,
        audit::list,
        settings::get, settings::put, providers::list,
        document,
    ),
    modifiers(&Credentials),
    security(("session" = []), ("api_token" = [])),
)]
struct Api;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie = "`__Host-person-server`, or `person-server` on a loopback issuer without TLS";
        let cookie = ApiKeyValue::with_description("__Host-person-server", cookie);
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("api_token", token);
    }
}

#[utoipa::path(get, path = "/api/openapi.json", tag = DESCRIPTION, summary = "This description", security(()),
    responses((status = 200, description = "OpenAPI 3.1")))]
pub(super) async fn document() -> Outcome<Json<Value>> {
    let mut document = serde_json::to_value(Api::openapi()).map_err(|_| Refusal::server_error())?;
    for operation in members(&mut document, "paths").flat_map(|path| path.values_mut().filter_map(Value::as_object_mut))
    {
        let summary = operation.get("summary").cloned().unwrap_or_default();
        for response in
            operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
        {
            // Every response has to have one. Where there is nothing to add, it is what was asked for.
            response.as_object_mut().map(|response| response.entry("description").or_insert_with(|| summary.clone()));
        }
    }
    Ok(Json(document))
}

fn members<'a>(of: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let all = of.get_mut(name).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    all.filter_map(Value::as_object_mut)
}
