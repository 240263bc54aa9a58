//! From a caller and a request to what the gateway forwards: signed, and broken where the test says so.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::fixture;
use super::keys;
use super::suite::{Asking, Caller, Forwarded, Proof, Request, Signing, Tamper};
use crate::aauth::digest;
use crate::aauth::identifier::ServerId;
use crate::aauth::message::{Fields, Message};
use crate::aauth::metadata::Dwk;
use crate::aauth::signing::{self, Signer};
use crate::authorizer::inbound::{Body, InboundRequest};
use crate::authorizer::resource::Resource;
use crate::clock::Seconds;

/// The request as the gateway forwards it; an error, if it cannot be made as the test describes it.
pub(super) fn inbound(
    asking: &Asking,
    caller: &Caller,
    resource: &Resource,
    now: Seconds,
) -> Result<InboundRequest, String> {
    let Asking { request, signing, .. } = asking;
    let host = request.host.as_deref().or(resource.hosts.first().map(String::as_str));
    let host = host.unwrap_or_else(|| resource.issuer.authority());
    let scheme = resource.scheme.as_deref().unwrap_or("https");
    let seen_as = resource.authority_override.as_deref();

    let mut fields = request.headers.clone();
    let cover = covered(signing, resource, request);
    if cover.iter().any(|name| name == "content-digest") && !fields.iter().any(|(name, _)| name == "content-digest") {
        fields.push(("content-digest".to_owned(), digest::sha256_field(&request.body)));
    }
    let message = |method: &str, host: &str, target: &str, fields: &[(String, String)]| {
        let lines = fields.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        Message::request(method, scheme, host, target, Fields::lines(lines))
    };
    // The agent signs the name it knows the resource by.
    let plain = message(&request.method, seen_as.unwrap_or(host), &request.target, &fields);
    fields.extend(signature(&plain, &cover, asking, caller, &resource.issuer, now)?);

    let tamper = &signing.tamper;
    change(&mut fields, tamper);
    let arriving = message(
        tamper.method.as_deref().unwrap_or(&request.method),
        tamper.host.as_deref().unwrap_or(host),
        tamper.target.as_deref().unwrap_or(&request.target),
        &fields,
    );
    Ok(InboundRequest {
        resource_id: None,
        message: arriving,
        body: match request.forwarded {
            Forwarded::Whole => Body::Whole(tamper.body.clone().unwrap_or_else(|| request.body.clone())),
            Forwarded::Partial => Body::Partial,
            Forwarded::Nothing => Body::NotForwarded,
        },
        source_ip: request.source_ip,
        peer: request.peer.clone(),
    })
}

/// What the resource asks for and what the test asks for, each once.
fn covered(signing: &Signing, resource: &Resource, request: &Request) -> Vec<String> {
    let mut cover = resource.signatures.additional_components.clone();
    cover.extend(signing.cover.iter().cloned());
    if request.headers.iter().any(|(name, _)| name == "content-digest") {
        cover.push("content-digest".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    cover.retain(|name| !["@method", "@authority", "@path", "signature-key"].contains(&name.as_str()));
    cover.retain(|name| seen.insert(name.clone()));
    cover
}

fn signature(
    message: &Message,
    cover: &[String],
    asking: &Asking,
    caller: &Caller,
    resource: &ServerId,
    now: Seconds,
) -> Result<Vec<(String, String)>, String> {
    let signing = &asking.signing;
    if signing.none || matches!(caller.proof, Proof::Anonymous) {
        return Ok(Vec::new());
    }
    let token;
    let signer = match &caller.proof {
        Proof::Token(claims) => {
            let minted = fixture::mint(claims, &asking.caller, resource, now);
            token = if signing.tamper.token { fixture::forged(&minted) } else { minted };
            Signer::Agent { token: &token }
        }
        Proof::Server(id) => Signer::Server { id, dwk: Dwk::Agent },
        Proof::Key | Proof::Anonymous => Signer::Pseudonymous,
    };
    let key = match &caller.proof {
        Proof::Server(id) if signing.key.is_none() => keys::of_issuer(id.as_str()),
        Proof::Server(_) | Proof::Token(_) | Proof::Key | Proof::Anonymous => {
            keys::of_caller(signing.key.as_deref().unwrap_or(&asking.caller))
        }
    };
    let cover: Vec<&str> = cover.iter().map(String::as_str).collect();
    let created = now.saturating_add(signing.created);
    let headers = signing::sign(message, &cover, signer, &key, created)
        .map_err(|error| format!("the request cannot be signed: {}", error.detail))?;
    Ok(headers.into_pairs().map(|(name, value)| (name.to_owned(), value)).into())
}

fn change(fields: &mut Vec<(String, String)>, tamper: &Tamper) {
    for (name, value) in &tamper.headers {
        fields.retain(|(known, _)| known != name);
        fields.push((name.clone(), value.clone()));
    }
    if tamper.signature {
        for (_, value) in fields.iter_mut().filter(|(name, _)| name == "signature") {
            *value = format!("sig=:{}:", BASE64_STANDARD.encode([0; 64]));
        }
    }
}
