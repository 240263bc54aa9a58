//! The request of a test, and how it is signed.

use super::super::suite::{Forwarded, Request, Signing, Tamper};
use super::words::{any, field_name, ip, method, span, target};
use crate::aauth::percent::push_percent_encoded;
use crate::authorizer::config::error::Fault;
use crate::authorizer::config::item::Item;
use crate::authorizer::config::reader::Section;
use crate::authorizer::config::values::{flag, host, text, word};

const FORWARDED: &[(&str, Forwarded)] =
    &[("whole", Forwarded::Whole), ("partial", Forwarded::Partial), ("nothing", Forwarded::Nothing)];

/// What a test asks: every request is one of the methods to one of the paths, and otherwise the same.
#[derive(Debug, Default)]
pub(super) struct Requests {
    pub(super) methods: Vec<String>,
    pub(super) targets: Vec<String>,
    pub(super) rest: Request,
    pub(super) signing: Option<Signing>,
}

/// Reads the section `request` of a test.
pub(super) fn requests(section: &Section<'_>) -> Requests {
    let several = |key| section.item(key).map(|item| item.one_or_more(if key == "path" { target } else { method }));
    let methods = several("method").unwrap_or_else(|| vec!["GET".to_owned()]);
    if !section.has("path") {
        section.wrong("path", Fault::new("is required").hint("such as `/v1/orders`"));
    }
    let targets = several("path").unwrap_or_default();
    let query = query(section);
    let targets = targets.into_iter().map(|path| join(path, query.as_deref())).collect();
    let mut headers = fields(section, "headers");
    let body = body(section, &mut headers);
    let rest = Request {
        host: section.value("host", host),
        headers,
        body: body.unwrap_or_default(),
        forwarded: section.value("forwarded", word("how much is forwarded", FORWARDED)).unwrap_or_default(),
        source_ip: section.value("source_ip", ip),
        peer: section.value("peer", text),
        ..Request::default()
    };
    Requests { methods, targets, rest, signing: section.item("signature").map(|item| signing(&item)) }
}

/// A query as it is sent, or names and values to be encoded.
fn query(section: &Section<'_>) -> Option<String> {
    let item = section.item("query")?;
    if item.is_scalar() {
        return item.value(any).map(|query| query.trim_start_matches('?').to_owned());
    }
    let mut pairs = Vec::new();
    for member in item.section().members() {
        pairs.extend(member.one_or_more(any).iter().map(|value| format!("{}={}", encode(member.name), encode(value))));
    }
    Some(pairs.join("&"))
}

fn join(path: String, query: Option<&str>) -> String {
    match query {
        Some(query) if path.contains('?') => format!("{path}&{query}"),
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            push_percent_encoded(&mut encoded, byte);
        }
        encoded
    })
}

/// Header fields; one with several values comes as often.
fn fields(section: &Section<'_>, key: &'static str) -> Vec<(String, String)> {
    let members = section.optional_section(key).map(Section::members).unwrap_or_default();
    let mut fields = Vec::new();
    for member in members {
        match field_name(member.name) {
            Ok(name) => fields.extend(member.one_or_more(any).into_iter().map(|value| (name.clone(), value))),
            Err(fault) => member.wrong(fault),
        }
    }
    fields
}

fn body(section: &Section<'_>, headers: &mut Vec<(String, String)>) -> Option<Vec<u8>> {
    let body = section.value("body", any);
    let json = section.item("json");
    if section.has("body") && json.is_some() {
        section.wrong("json", Fault::new("is the body, which `body` is too").hint("keep one of them"));
    }
    if let Some(json) = json {
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        return Some(json.json().to_string().into_bytes());
    }
    body.map(String::into_bytes)
}

fn signing(item: &Item<'_>) -> Signing {
    if item.is_scalar() {
        item.value(word("a signature", &[("none", ())]));
        return Signing { none: true, ..Signing::default() };
    }
    let section = item.section();
    Signing {
        none: false,
        cover: section.list("cover", text),
        created: section.value("created", span).unwrap_or_default(),
        key: section.value("key", text),
        tamper: tamper(&section.section("tamper")),
    }
}

fn tamper(section: &Section<'_>) -> Tamper {
    Tamper {
        method: section.value("method", method),
        host: section.value("host", host),
        target: section.value("path", target),
        headers: fields(section, "headers"),
        body: section.value("body", any).map(String::into_bytes),
        signature: section.value("signature", flag).unwrap_or(false),
        token: section.value("token", flag).unwrap_or(false),
    }
}
