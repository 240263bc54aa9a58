//! What a `CheckResponse` means. Only a code of 0 with an OK response lets a request pass.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use envoy_types::pb::envoy::config::core::v3::HeaderValueOption;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{CheckResponse, DeniedHttpResponse};
use envoy_types::pb::google::protobuf::value::Kind;

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It passes, with these changes.
    Pass(Changes),
    /// It is answered here.
    Refuse(Response),
}

/// Changes to a request's headers.
#[derive(Debug, Default)]
pub(super) struct Changes {
    set: Vec<(HeaderName, HeaderValue)>,
    remove: Vec<String>,
}

impl Changes {
    /// Removes first: what is set must not be taken away again.
    pub(super) fn apply(self, headers: &mut HeaderMap) {
        for name in self.remove {
            headers.remove(name);
        }
        for (name, value) in self.set {
            headers.insert(name, value);
        }
    }
}

/// The policies that decided, as the dynamic metadata names them.
pub(super) fn policies(response: &CheckResponse) -> Vec<String> {
    let named = response.dynamic_metadata.as_ref().and_then(|metadata| metadata.fields.get("policies"));
    let Some(Kind::ListValue(list)) = named.and_then(|value| value.kind.as_ref()) else {
        return Vec::new();
    };
    let text = |kind: &Kind| match kind {
        Kind::StringValue(text) => Some(text.clone()),
        Kind::NullValue(_) | Kind::NumberValue(_) | Kind::BoolValue(_) | Kind::StructValue(_) | Kind::ListValue(_) => {
            None
        }
    };
    list.values.iter().filter_map(|value| value.kind.as_ref().and_then(text)).collect()
}

/// The verdict of a response.
pub(super) fn of(response: CheckResponse) -> Verdict {
    let code = response.status.map(|status| status.code);
    match (code, response.http_response) {
        (Some(0), Some(HttpResponse::OkResponse(ok))) => {
            Verdict::Pass(Changes { set: fields(ok.headers), remove: ok.headers_to_remove })
        }
        (Some(1..), Some(HttpResponse::DeniedResponse(denied))) => Verdict::Refuse(refusal(denied)),
        (_, _) => Verdict::Refuse(StatusCode::FORBIDDEN.into_response()),
    }
}

fn refusal(denied: DeniedHttpResponse) -> Response {
    let status = denied.status.and_then(|status| u16::try_from(status.code).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = Response::new(Body::from(denied.body));
    *response.status_mut() = status;
    response.headers_mut().extend(fields(denied.headers));
    response
}

fn fields(options: Vec<HeaderValueOption>) -> Vec<(HeaderName, HeaderValue)> {
    let field = |option: HeaderValueOption| {
        let header = option.header?;
        let value = if header.raw_value.is_empty() { header.value.into_bytes() } else { header.raw_value };
        Some((HeaderName::try_from(header.key).ok()?, HeaderValue::try_from(value).ok()?))
    };
    options.into_iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use envoy_types::pb::envoy::config::core::v3::HeaderValue as Line;
    use envoy_types::pb::envoy::service::auth::v3::OkHttpResponse;
    use envoy_types::pb::google::rpc::Status;

    use super::*;

    fn response(code: i32, http: Option<HttpResponse>) -> CheckResponse {
        let status = Some(Status { code, message: String::new(), details: Vec::new() });
        CheckResponse { status, dynamic_metadata: None, http_response: http }
    }

    /// The demo's gateway is stricter than a proxy: what is empty or contradicts itself does not pass.
    #[test]
    fn only_an_ok_response_of_code_0_passes() {
        let ok = || Some(HttpResponse::OkResponse(OkHttpResponse::default()));
        let denied = || Some(HttpResponse::DeniedResponse(DeniedHttpResponse::default()));
        assert!(matches!(of(response(0, ok())), Verdict::Pass(_)));
        for odd in [CheckResponse::default(), response(0, None), response(0, denied()), response(7, ok())] {
            assert!(matches!(of(odd), Verdict::Refuse(_)));
        }
    }

    #[test]
    fn what_a_client_sent_is_replaced_or_removed() {
        let mut headers = HeaderMap::new();
        headers.append("x-aauth-person", HeaderValue::from_static("mallory"));
        headers.append("x-aauth-person", HeaderValue::from_static("eve"));
        headers.append("x-aauth-tenant", HeaderValue::from_static("theirs"));
        let header = Line { key: "x-aauth-person".into(), value: "ada".into(), raw_value: Vec::new() };
        let set = HeaderValueOption { header: Some(header), ..HeaderValueOption::default() };
        Changes { set: fields(vec![set]), remove: vec!["x-aauth-tenant".into()] }.apply(&mut headers);
        assert_eq!(headers.get_all("x-aauth-person").iter().collect::<Vec<_>>(), ["ada"]);
        assert!(!headers.contains_key("x-aauth-tenant"));
    }
}
