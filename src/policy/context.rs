//! The request as Cedar's context, built as far as the policies read it.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, Entity, EntityUid, RestrictedExpression};

use super::call::Call;
use super::dates::datetime;
use super::input::Type;
use super::mentions::Mentions;
use super::names::{names, uid};
use super::path::percent_decode;
use super::request::RequestFacts;

/// The most query parameters that are read. A request with more is not decided by policies that read them.
const MAX_PARAMETERS: usize = 256;

/// A context, and the entities it refers to besides the token.
pub(super) struct Built {
    pub(super) context: Context,
    pub(super) entities: Vec<Entity>,
}

/// Builds what `mentions` names of the context.
pub(super) fn build(
    facts: &RequestFacts<'_>,
    path: &str,
    token: &EntityUid,
    now: i64,
    mentions: Mentions,
    input: Option<&Type>,
) -> Result<Built, String> {
    let mut entities = Vec::new();
    let mut pairs = Vec::new();
    if mentions.any(Mentions::TOKEN) {
        pairs.push(("token".to_owned(), RestrictedExpression::new_entity_uid(token.clone())));
    }
    if mentions.any(Mentions::NOW) {
        pairs.push(("now".to_owned(), datetime(now)));
    }
    let request = request(facts, path, mentions, &mut entities)?;
    // Asking whether the request `has` something needs a request, if an empty one.
    if mentions.any(Mentions::REQUEST) {
        let record = RestrictedExpression::new_record(request).map_err(|error| error.to_string())?;
        pairs.push(("request".to_owned(), record));
    }
    if let Some(call) = facts.call {
        if mentions.any(Mentions::CALL) {
            pairs.push(asked(call, &mut entities)?);
        }
        if let (true, Some(input), Call::Mcp(call)) = (mentions.any(Mentions::INPUT), input, call) {
            pairs.push(("input".to_owned(), input.of_arguments(&call.arguments)?));
        }
    }
    let context = Context::from_pairs(pairs).map_err(|error| error.to_string())?;
    Ok(Built { context, entities })
}

fn request(
    facts: &RequestFacts<'_>,
    path: &str,
    mentions: Mentions,
    entities: &mut Vec<Entity>,
) -> Result<Vec<(String, RestrictedExpression)>, String> {
    let string = |value: &str| RestrictedExpression::new_string(value.to_owned());
    let mut fields = Vec::new();
    let mut put = |name: &str, value| fields.push((name.to_owned(), value));
    for (part, name, value) in [
        (Mentions::METHOD, "method", facts.method),
        (Mentions::HOST, "host", facts.host),
        (Mentions::PATH, "path", path),
    ] {
        if mentions.any(part) {
            put(name, string(value));
        }
    }
    if mentions.any(Mentions::QUERY) {
        put("query", parameters("query", query(facts.query.unwrap_or_default())?, entities)?);
    }
    if mentions.any(Mentions::HEADERS) {
        put("headers", parameters("headers", headers(facts.headers), entities)?);
    }
    if let (true, Some(ip)) = (mentions.any(Mentions::SOURCE_IP), facts.source_ip) {
        // An IPv4 client of a dual-stack listener is the same client: `::ffff:10.0.0.1` is `10.0.0.1`.
        put("source_ip", RestrictedExpression::new_ip(ip.to_canonical().to_string()));
    }
    if let (true, Some(peer)) = (mentions.any(Mentions::PEER), facts.peer) {
        put("peer", string(peer));
    }
    Ok(fields)
}

/// The call, under the name of its protocol.
fn asked(call: &Call, entities: &mut Vec<Entity>) -> Result<(String, RestrictedExpression), String> {
    let string = |value: &str| RestrictedExpression::new_string(value.to_owned());
    let (name, method, optional) = match call {
        Call::Mcp(call) => {
            ("mcp", call.method_name(), vec![("tool", &call.tool), ("prompt", &call.prompt), ("uri", &call.uri)])
        }
        Call::A2a(call) => {
            ("a2a", call.method.as_str(), vec![("task_id", &call.task_id), ("context_id", &call.context_id)])
        }
    };
    let mut fields = vec![("method".to_owned(), string(method))];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), string(value.as_ref()?)))));
    if let Call::Mcp(call) = call {
        let uid = uid(&names().mcp_arguments, "arguments");
        let tags = call.arguments.iter().map(|(name, value)| (name.clone(), string(&argument(value))));
        entities.push(Entity::new_with_tags(uid.clone(), [], [], tags).map_err(|error| error.to_string())?);
        fields.push(("arguments".to_owned(), RestrictedExpression::new_entity_uid(uid)));
    }
    let record = RestrictedExpression::new_record(fields).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), record))
}

/// Text is as it is, everything else is in JSON.
fn argument(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

type Values = BTreeMap<String, BTreeSet<String>>;

/// Parameters as an entity with tags, since a record would need each name in the schema.
fn parameters(id: &str, values: Values, entities: &mut Vec<Entity>) -> Result<RestrictedExpression, String> {
    let uid = uid(&names().parameters, id);
    let tags = values
        .into_iter()
        .map(|(name, values)| {
            (name, RestrictedExpression::new_set(values.into_iter().map(RestrictedExpression::new_string)))
        })
        .collect::<Vec<_>>();
    let entity = Entity::new_with_tags(uid.clone(), [], [], tags).map_err(|error| error.to_string())?;
    entities.push(entity);
    Ok(RestrictedExpression::new_entity_uid(uid))
}

fn query(raw: &str) -> Result<Values, String> {
    let mut values = Values::new();
    for (count, pair) in raw.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if count >= MAX_PARAMETERS {
            return Err(format!("the query has more than {MAX_PARAMETERS} parameters"));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (percent_decode(name, true), percent_decode(value, true)) else {
            return Err("the query has a broken percent escape".to_owned());
        };
        values.entry(name).or_default().insert(value);
    }
    Ok(values)
}

fn headers(pairs: &[(&str, &str)]) -> Values {
    let mut values = Values::new();
    for (name, value) in pairs {
        values.entry(name.to_ascii_lowercase()).or_default().insert((*value).to_owned());
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_keeps_every_value() {
        let values = query("a=1&a=2&b=x%20y+z&c&%64=%26").unwrap();
        let read = |name: &str| values[name].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(read("a"), ["1", "2"]);
        assert_eq!(read("b"), ["x y z"]);
        assert_eq!(read("c"), [""]);
        assert_eq!(read("d"), ["&"]);
    }

    #[test]
    fn a_query_that_cannot_be_read_is_an_error() {
        assert!(query("a=%zz").is_err());
        assert!(query("a=%ff").is_err());
        assert!(query(&"a=1&".repeat(MAX_PARAMETERS + 1)).is_err());
    }
}
