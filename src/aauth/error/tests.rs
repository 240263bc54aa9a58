use super::*;

/// Each table against the draft's: code and status, and back again.
macro_rules! table {
    ($name:ident: $($code:literal $status:literal),+ $(,)?) => {
        let expected = [$(($code, $status)),+];
        let ours: Vec<_> = $name::ALL.iter().map(|code| (code.code(), code.status())).collect();
        assert_eq!(ours, expected, stringify!($name));
        for &code in $name::ALL {
            assert_eq!($name::from_code(code.code()), Some(code));
            let problem = code.problem("why");
            assert_eq!((problem.status, problem.error.as_str()), (code.status(), code.code()));
        }
        assert_eq!($name::from_code("teapot"), None);
    };
}

#[test]
fn every_code_has_its_status_and_makes_the_round_trip() {
    table!(AuthorizationErrorCode:
        "invalid_request" 400, "invalid_scope" 400, "invalid_account" 400, "server_error" 500);
    table!(RevocationErrorCode:
        "invalid_request" 400, "unsupported_iss" 403, "rate_limited" 429, "server_error" 500);
    table!(TokenEndpointErrorCode:
        "invalid_request" 400,
        "invalid_resource_token" 400, "expired_resource_token" 400, "revoked_resource_token" 400,
        "invalid_presented_token" 400, "expired_presented_token" 400, "revoked_presented_token" 400,
        "invalid_upstream_token" 400, "expired_upstream_token" 400, "revoked_upstream_token" 400,
        "invalid_subagent_token" 400, "expired_subagent_token" 400, "revoked_subagent_token" 400,
        "clock_skew" 400, "user_unreachable" 403, "as_unreachable" 502, "server_error" 500);
    table!(PollErrorCode:
        "denied" 403, "abandoned" 403, "expired" 408, "revoked" 403, "invalid_code" 410, "slow_down" 429,
        "server_error" 500);
    table!(MissionErrorCode: "invalid_request" 400, "mission_not_found" 404, "mission_terminated" 403);
    table!(InteractionErrorCode: "interaction_unavailable" 424);
}

/// "Token-specific codes ... follow the pattern `<invalid|expired|revoked>_<parameter>_token`".
#[test]
fn a_parameters_codes_are_named_after_it() {
    for parameter in TokenParameter::ALL {
        let name = parameter.name();
        assert_eq!(parameter.invalid().code(), format!("invalid_{name}"));
        assert_eq!(parameter.expired().code(), format!("expired_{name}"));
        assert_eq!(parameter.revoked().code(), format!("revoked_{name}"));
    }
}

/// "Interaction Callback Errors": the map to polling errors.
#[test]
fn a_callbacks_error_becomes_a_polling_error() {
    let map = [
        ("access_denied", "denied"),
        ("user_abandoned", "abandoned"),
        ("server_error", "server_error"),
        ("temporarily_unavailable", "server_error"),
        ("interaction_expired", "expired"),
    ];
    let ours: Vec<_> = CallbackErrorCode::ALL.iter().map(|code| (code.code(), code.as_poll_error().code())).collect();
    assert_eq!(ours, map);
    for &code in CallbackErrorCode::ALL {
        assert_eq!(CallbackErrorCode::from_code(code.code()), Some(code));
    }
}

#[test]
fn slow_down_alone_does_not_end_polling() {
    let going_on: Vec<_> = PollErrorCode::ALL.iter().filter(|code| !code.is_terminal()).collect();
    assert_eq!(going_on, [&PollErrorCode::SlowDown]);
}

/// "Mission Status Errors": the draft's example, and the reason left out where none is on record.
#[test]
fn a_terminated_mission_says_why() {
    let body = MissionErrorCode::terminated(Some("expired"), "it is over").body();
    assert_eq!(
        body,
        r#"{"status":403,"error":"mission_terminated","detail":"it is over","mission_status":"terminated","termination_reason":"expired"}"#
    );
    assert!(!MissionErrorCode::terminated(None, "it is over").body().contains("termination_reason"));
}
