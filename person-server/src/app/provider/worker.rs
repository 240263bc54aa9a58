//! The proof that a sub-agent holds the key its token is to be bound to.
//!
//! The parent asks, so the sub-agent signs no request. It signs this instead: a JWT of type `subagent-key+jwt` whose
//! header has its public key as `jwk`, and which says whose sub-agent it is about to be (`sub`, the parent's identifier)
//! and at which provider (`aud`), for five minutes at most. Sent twice, it gives the same parent another token for the
//! same key, so there is nothing to gain from replaying it.

use aauth_authorizer::aauth::identifier::AgentId;
use aauth_authorizer::aauth::key::{CompactJws, PublicKey};
use aauth_authorizer::clock::Seconds;
use serde_json::{Map, Value};

use super::proof::short_and_for_us;

/// The header's `typ`.
const TYP: &str = "subagent-key+jwt";

/// The sub-agent's key, or what is wrong with its proof.
pub(super) fn key(
    proof: &str,
    parent: &AgentId,
    us: &str,
    (now, window): (Seconds, Seconds),
) -> Result<PublicKey, String> {
    let jws = CompactJws::decode(proof).ok_or("it is no JWT")?;
    if jws.header_str("typ") != Some(TYP) {
        return Err(format!("its type is not `{TYP}`"));
    }
    let jwk = jws.header.get("jwk").and_then(Value::as_object).ok_or("its header has no `jwk`")?;
    let key = PublicKey::from_jwk(jwk).map_err(|fault| fault.to_string())?;
    if !jws.signed_by(&key) {
        return Err("it is not signed by the key in its header".to_owned());
    }
    if jws.claims.get("sub").and_then(Value::as_str) != Some(parent.as_str()) {
        return Err("its `sub` is not the agent that signed the request".to_owned());
    }
    if !jws.claims.contains_key("aud") {
        return Err("it has no `aud`".to_owned());
    }
    short_and_for_us(&jws.claims, us).map_err(|error| error.detail)?;
    in_time(&jws.claims, now, window)?;
    Ok(key)
}

fn in_time(claims: &Map<String, Value>, now: Seconds, window: Seconds) -> Result<(), String> {
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    match (time("iat"), time("exp")) {
        (Some(_), Some(exp)) if exp <= now => Err("it has expired".to_owned()),
        (Some(iat), Some(_)) if iat > now.saturating_add(window) => {
            Err("its `iat` is ahead of this server's clock".to_owned())
        }
        (Some(_), Some(_)) => Ok(()),
        _ => Err("its `iat` or `exp` is not a whole number of seconds".to_owned()),
    }
}
