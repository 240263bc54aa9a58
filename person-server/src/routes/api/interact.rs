//! `/interact`: where an agent sends its person, and `/login`, until there are pages for both.
//!
//! Implements the interaction page of "User Interaction" in draft-hardt-oauth-aauth-protocol-11. The session's cookie is
//! not sent when a page of another site leads here, so a first visit may look like a stranger's: it uses up no code, and
//! offers to go on from here, where the cookie is sent. What was decided, and how, is the API's.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use url::form_urlencoded;

use super::super::Shared;
use super::cookie;
use super::enter::{Said, credential, origin_says};
use super::extract::{Id, Params};
use super::page::{Markup, escape, page};
use crate::app::persons::{Approval, Credential, Entered, Login};
use crate::app::{Outcome, Refusal, Source};
use crate::domain::ask::Ask;
use crate::domain::pending::{PendingId, State as Standing};

/// The longest login form, in bytes.
const MAX_FORM: usize = 4096;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/interact", get(arrive))
        .route("/interact/{id}", get(show))
        .route("/login", get(form).post(log_in))
}

#[derive(Deserialize)]
struct Arriving {
    code: Option<String>,
    callback: Option<String>,
}

#[derive(Deserialize)]
struct LoggingIn {
    next: Option<String>,
}

#[derive(Default)]
struct LoginForm {
    token: String,
    next: String,
}

async fn arrive(
    State(server): State<Shared>,
    Params(arriving): Params<Arriving>,
    headers: HeaderMap,
) -> Outcome<Response> {
    let Some(code) = arriving.code else {
        return Ok(message(
            StatusCode::BAD_REQUEST,
            "No code",
            "The link that the agent gave holds a code. This one does not.",
        ));
    };
    let Some(Entered { caller, renewed }) = person(&server, &headers).await? else {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", &code);
        if let Some(callback) = &arriving.callback {
            query.append_pair("callback", callback);
        }
        return Ok(stranger(&format!("/interact?{}", query.finish())));
    };
    let mut response = match server.arrival(&caller, &code, arriving.callback).await {
        // To where looking again is no second arrival.
        Ok(approval) => Redirect::to(&format!("/interact/{}", approval.pending.id)).into_response(),
        Err(Refusal::Problem(problem)) if problem.status < 500 => {
            let detail = problem.detail.unwrap_or_default();
            message(StatusCode::from_u16(problem.status).unwrap_or_default(), "This did not work", &detail)
        }
        Err(refusal @ (Refusal::Problem(_) | Refusal::Later(..) | Refusal::Signature(_))) => return Err(refusal),
    };
    if let Some(line) = renewed.and_then(|secret| cookie::keep(&secret, &server.settings().issuer)) {
        response.headers_mut().insert(header::SET_COOKIE, line);
    }
    Ok(response)
}

async fn show(State(server): State<Shared>, Id(id): Id, headers: HeaderMap) -> Outcome<Response> {
    let Some(Entered { caller, .. }) = person(&server, &headers).await? else {
        return Ok(stranger(&format!("/interact/{id}")));
    };
    let approval = server.approval(&caller, &PendingId::new(id)).await?;
    if let Some(way_back) = server.way_back(&approval.pending).await {
        return Ok(Redirect::to(&way_back).into_response());
    }
    Ok(shown(&approval))
}

async fn form(State(server): State<Shared>, Params(login): Params<LoggingIn>, headers: HeaderMap) -> Outcome<Response> {
    let next = ours(login.next.as_deref().unwrap_or_default());
    if person(&server, &headers).await?.is_some() && !next.is_empty() {
        return Ok(Redirect::to(next).into_response());
    }
    let body = format!(
        "<p>Enter the token of your setup link, the part after <code>#setup=</code>, or an API token.</p>\
         <form method=\"post\" action=\"/login\"><input type=\"hidden\" name=\"next\" value=\"{}\">\
         <p><input type=\"password\" name=\"token\" autocomplete=\"off\" required> <button>Log in</button></p></form>",
        escape(next)
    );
    Ok(page(StatusCode::OK, "Log in", &Markup(body)))
}

async fn log_in(State(server): State<Shared>, source: Source, request: Request) -> Outcome<Response> {
    if origin_says(request.headers(), &server.settings().issuer) != Said::Here {
        return Err(Refusal::problem(403, "cross_site", "logging in is for pages of this origin"));
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_FORM).await;
    let body = body.map_err(|_| Refusal::problem(413, "invalid_request", "the form is too long"))?;
    let mut form = LoginForm::default();
    for (name, value) in form_urlencoded::parse(&body) {
        match name.as_ref() {
            "token" => form.token = value.trim().to_owned(),
            "next" => form.next = value.into_owned(),
            _ => {}
        }
    }
    let login = if form.token.starts_with("psa_") { Login::ApiToken(form.token) } else { Login::Setup(form.token) };
    match server.log_in(&login, &source).await {
        Ok((_, secret)) => {
            let cookie = cookie::keep(&secret, &server.settings().issuer).ok_or_else(Refusal::server_error)?;
            let next = ours(&form.next);
            let done = "You are logged in. You can close this page.";
            let mut response = match next {
                "" => message(StatusCode::OK, "Logged in", done),
                next => Redirect::to(next).into_response(),
            };
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(Refusal::Problem(problem)) if problem.status == 401 => {
            Ok(message(StatusCode::UNAUTHORIZED, "Not logged in", &problem.detail.unwrap_or_default()))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The person whose session this is. Somebody else's credentials are nobody's.
async fn person(server: &Shared, headers: &HeaderMap) -> Outcome<Option<Entered>> {
    let Some(credential @ Credential::Cookie(_)) = credential(headers, &server.settings().issuer) else {
        return Ok(None);
    };
    match server.enter(&credential).await {
        Ok(entered) => Ok(Some(entered)),
        Err(Refusal::Problem(problem)) if problem.status == 401 => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// A path of ours to go on to after logging in, or nothing: `next` comes from a link anybody may have made.
fn ours(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_ours = next.starts_with("/interact?") || next.starts_with("/interact/");
    if plain && is_ours && next.len() <= MAX_FORM { next } else { "" }
}

fn stranger(here: &str) -> Response {
    let mut login = form_urlencoded::Serializer::new(String::new());
    login.append_pair("next", here);
    let body = format!(
        "<p>An agent asks for something. <a href=\"{}\">Continue</a> if you are logged in already, or \
         <a href=\"/login?{}\">log in</a>. The code of the link is kept until you do.</p>",
        escape(here),
        escape(&login.finish())
    );
    page(StatusCode::UNAUTHORIZED, "Who are you?", &Markup(body))
}

fn message(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &Markup(format!("<p>{}</p>", escape(text))))
}

/// A request, as far as it can be shown without a page of its own.
fn shown(approval: &Approval) -> Response {
    let pending = &approval.pending;
    let (title, status) = match &pending.state {
        Standing::Waiting(_) => ("An agent asks for something", "It waits for you to decide."),
        Standing::Approved(_) | Standing::Federating(_) => ("Approved", "You can close this page."),
        Standing::Ended(_) | Standing::Gone { .. } => ("This is settled", "You can close this page."),
    };
    let mut facts = vec![("Asks for", pending.ask.kind().to_owned())];
    if let Some(agent) = &approval.agent {
        let known = agent.bound.as_ref().map_or("new to you", |_| "known to you");
        facts.push(("Agent", format!("{} ({known})", agent.key.sub)));
    }
    facts.push(("Vouched for by", approval.provider.to_string()));
    if let Some(resource) = pending.ask.resource() {
        facts.push(("At", resource.to_string()));
    }
    for scope in &approval.scopes {
        let meaning = scope.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        facts.push(("Scope", format!("{}{meaning}", scope.scope)));
    }
    let facts: Vec<String> =
        facts.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escape(value))).collect();
    let facts = facts.concat();
    let words = words(&pending.ask)
        .map(|text| format!("<p>In the agent's own words:</p><blockquote>{}</blockquote>", escape(text)));
    let link = format!("<p><a href=\"/api/approvals/{}\">All of it</a></p>", pending.id);
    page(StatusCode::OK, title, &Markup(format!("<p>{status}</p><dl>{facts}</dl>{}{link}", words.unwrap_or_default())))
}

fn words(ask: &Ask) -> Option<&str> {
    match ask {
        Ask::Mission(ask) => Some(&ask.description),
        Ask::Update(ask) => Some(&ask.description),
        Ask::Complete(ask) => Some(&ask.summary),
        Ask::Permit(ask) => ask.description.as_deref(),
        Ask::Relay(ask) => ask.description.as_deref(),
        Ask::Question(ask) => Some(&ask.question),
        Ask::Enroll(_) | Ask::Identify(_) | Ask::Authorize(_) => ask.hints()?.justification.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_in_leads_nowhere_else() {
        assert_eq!(ours("/interact?code=A1B2-C3D4"), "/interact?code=A1B2-C3D4");
        assert_eq!(ours("/interact/0123"), "/interact/0123");
        for bad in
            ["", "/", "//evil.example", "https://evil.example", "/interact\\evil", "/interactive", "/interact?a\r\nb"]
        {
            assert_eq!(ours(bad), "", "{bad}");
        }
    }
}
