//! Which parts of the context and of the caller a policy reads, so that the others need not be built: a date costs
//! Cedar more to make than most policies cost to evaluate.
//!
//! Read from the policy's syntax tree, and cautious: a context used in any way but by attribute counts as read whole,
//! and so does a principal used in any way but compared.

use std::ops::{BitOr, BitOrAssign};

use cedar_policy::{Policy, PrincipalConstraint};
use serde_json::Value;

/// A set of parts of the context and of the caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mentions(u16);

impl Mentions {
    pub(super) const NOW: Self = Self(1);
    pub(super) const METHOD: Self = Self(1 << 1);
    pub(super) const HOST: Self = Self(1 << 2);
    pub(super) const PATH: Self = Self(1 << 3);
    pub(super) const QUERY: Self = Self(1 << 4);
    pub(super) const HEADERS: Self = Self(1 << 5);
    pub(super) const SOURCE_IP: Self = Self(1 << 6);
    pub(super) const PEER: Self = Self(1 << 7);
    pub(super) const TOKEN: Self = Self(1 << 8);
    /// Anything of the principal but its name and ancestors, which then are built as well, or of the token but its type and scopes.
    pub(super) const DETAILS: Self = Self(1 << 9);
    /// The principal's ancestors.
    pub(super) const ANCESTORS: Self = Self(1 << 10);
    /// The call, where one is asked.
    pub(super) const CALL: Self = Self(1 << 11);
    /// The arguments of a tool, typed.
    pub(super) const INPUT: Self = Self(1 << 12);
    /// What no request has: the context of an [`Inquiry`](super::inquiry::Inquiry).
    pub(super) const OTHER: Self = Self(1 << 13);
    /// Any part of the request.
    pub(super) const REQUEST: Self = Self(0b1111_1110);
    pub(super) const EVERYTHING: Self = Self(u16::MAX);

    /// What this policy reads.
    pub(super) fn of(policy: &Policy) -> Self {
        // A policy whose tree cannot be had is taken to read everything.
        policy.to_json().map_or(Self::EVERYTHING, |tree| {
            let mut found = match policy.principal_constraint() {
                PrincipalConstraint::In(_) | PrincipalConstraint::IsIn(..) => Self::ANCESTORS,
                PrincipalConstraint::Any | PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) => Self::default(),
            };
            collect(&tree, &mut found);
            found
        })
    }

    /// Whether any of these parts is read.
    pub(super) fn any(self, parts: Self) -> bool {
        self.0 & parts.0 != 0
    }
}

impl BitOr for Mentions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Mentions {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

fn collect(tree: &Value, found: &mut Mentions) {
    if let Some(parts) = access(tree) {
        *found |= parts;
        return;
    }
    match tree {
        Value::Object(fields) => {
            // Reached only where the context is not the left side of an access: read whole.
            if is_variable(tree, "context") {
                *found |= Mentions::EVERYTHING;
            }
            if is_variable(tree, "principal") {
                *found |= Mentions::DETAILS;
            }
            for (operator, operands) in fields {
                let compares = matches!(operator.as_str(), "==" | "!=" | "in" | "is");
                if let (true, Value::Object(sides)) = (compares, operands) {
                    if operator == "in" || sides.contains_key("in") {
                        *found |= Mentions::ANCESTORS;
                    }
                    let read = sides.values().filter(|side| !is_variable(side, "principal"));
                    read.for_each(|side| collect(side, found));
                } else {
                    collect(operands, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The part that an access to the context, its token or its request reads.
fn access(tree: &Value) -> Option<Mentions> {
    let (left, attribute) = attribute_of(tree)?;
    if is_variable(left, "context") {
        return Some(match attribute {
            "now" => Mentions::NOW,
            "token" => Mentions::TOKEN | Mentions::DETAILS,
            "mcp" | "a2a" => Mentions::CALL,
            "input" => Mentions::INPUT,
            "request" => Mentions::EVERYTHING,
            _ => Mentions::OTHER,
        });
    }
    let (context, part) = attribute_of(left)?;
    if !is_variable(context, "context") {
        return None;
    }
    match part {
        "token" => Some(match attribute {
            "typ" | "scopes" => Mentions::TOKEN,
            _ => Mentions::TOKEN | Mentions::DETAILS,
        }),
        "request" => Some(of_request(attribute)),
        "mcp" | "a2a" => Some(Mentions::CALL),
        "input" => Some(Mentions::INPUT),
        _ => None,
    }
}

fn of_request(attribute: &str) -> Mentions {
    match attribute {
        "method" => Mentions::METHOD,
        "host" => Mentions::HOST,
        "path" => Mentions::PATH,
        "query" => Mentions::QUERY,
        "headers" => Mentions::HEADERS,
        "source_ip" => Mentions::SOURCE_IP,
        "peer" => Mentions::PEER,
        _ => Mentions::EVERYTHING,
    }
}

/// The two sides of `left.attribute` and of `left has attribute`.
fn attribute_of(tree: &Value) -> Option<(&Value, &str)> {
    let access = tree.get(".").or_else(|| tree.get("has"))?;
    Some((access.get("left")?, access.get("attr")?.as_str()?))
}

fn is_variable(tree: &Value, name: &str) -> bool {
    tree.get("Var").is_some_and(|var| var == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(condition: &str) -> Mentions {
        let policy = format!("permit (principal, action, resource) when {{ {condition} }};");
        Mentions::of(&Policy::parse(None, policy).unwrap())
    }

    #[test]
    fn only_what_is_read_is_mentioned() {
        for (condition, expected) in [
            ("true", Mentions::default()),
            ("principal == resource", Mentions::default()),
            ("principal is AAuth::Agent", Mentions::default()),
            ("principal is AAuth::Agent in resource", Mentions::ANCESTORS),
            ("principal in [resource, action]", Mentions::ANCESTORS),
            (r#"principal.sub == "a""#, Mentions::DETAILS),
            ("principal has tenant", Mentions::DETAILS),
            (r#"principal.hasTag("a")"#, Mentions::DETAILS),
            (r#"principal.getTag("a") == []"#, Mentions::DETAILS),
            ("[principal].contains(resource)", Mentions::DETAILS),
            ("(if true then principal else principal).a == 1", Mentions::DETAILS),
            (r#"{"a": principal}.a.b == 1"#, Mentions::DETAILS),
            (r#"context.token.scopes.contains("a")"#, Mentions::TOKEN),
            (r#"context.token.typ == "auth""#, Mentions::TOKEN),
            ("context.token has key", Mentions::TOKEN | Mentions::DETAILS),
            (r#"context.token.issuer == "a""#, Mentions::TOKEN | Mentions::DETAILS),
            ("context.token == resource", Mentions::TOKEN | Mentions::DETAILS),
            (r#"context.now > datetime("2026-01-01")"#, Mentions::NOW),
            (r#"context.request.method == "GET""#, Mentions::METHOD),
            (r#"context["request"]["host"] == "GET""#, Mentions::HOST),
            (r#"context.request.path like "/v1/*""#, Mentions::PATH),
            (r#"context.request.query.hasTag("a")"#, Mentions::QUERY),
            (r#"context.request.headers.getTag("a").contains("b")"#, Mentions::HEADERS),
            ("context.request has source_ip && context.request.source_ip.isIpv4()", Mentions::SOURCE_IP),
            (r#"context.mcp.tool == "a""#, Mentions::CALL),
            (r#"context has mcp && context.mcp.arguments.hasTag("a")"#, Mentions::CALL),
            ("context.a2a has task_id", Mentions::CALL),
            (r#"context.input.path like "/a/*""#, Mentions::INPUT),
            ("context.mcp == context.request", Mentions::EVERYTHING),
            ("context has request.peer", Mentions::EVERYTHING),
            (r#"context.request == {"a": 1}"#, Mentions::EVERYTHING),
            (r#"context == {"now": 1}"#, Mentions::EVERYTHING),
            (r#"[context].contains({"a": 1})"#, Mentions::EVERYTHING),
            (r#"(if true then context else context).now > datetime("2026-01-01")"#, Mentions::EVERYTHING),
            ("context.known", Mentions::OTHER),
            ("context has mission && context.mission.expires < context.now", Mentions::OTHER | Mentions::NOW),
            (
                r#"!(context.now > datetime("2026-01-01")) || [context.request.host] == []"#,
                Mentions::NOW | Mentions::HOST,
            ),
        ] {
            assert_eq!(mentions(condition), expected, "{condition}");
        }
    }

    #[test]
    fn a_head_may_mention_ancestors() {
        for (principal, expected) in [
            ("principal", Mentions::default()),
            ("principal is AAuth::Agent", Mentions::default()),
            (r#"principal == AAuth::Agent::"a""#, Mentions::default()),
            (r#"principal in AAuth::Tenant::"a""#, Mentions::ANCESTORS),
            (r#"principal is AAuth::Person in AAuth::Tenant::"a""#, Mentions::ANCESTORS),
        ] {
            let policy = Policy::parse(None, format!("permit ({principal}, action, resource);")).unwrap();
            assert_eq!(Mentions::of(&policy), expected, "{principal}");
        }
    }
}
