//! The arguments of a tool, typed: what an author's schema declares of them, and values of those types.
//!
//! A schema made of a server's tools gives each tool an action whose context has an `input`. Of the arguments that came,
//! those that are declared are put into it; one that is not of its type, or is required and missing, leaves nothing to
//! decide about. What is not declared is not looked at.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{RestrictedExpression, SchemaFragment};
use serde_json::{Map, Value};

/// The deepest type that is read, which also ends loops of names.
const MAX_DEPTH: usize = 16;

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Long,
    /// A number of up to four digits after the point.
    Decimal,
    Text,
    Set(Box<Type>),
    Record(BTreeMap<String, Member>),
}

/// A member of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    required: bool,
    typ: Type,
}

/// The inputs that files declare, by the id of the action. An input of a type that JSON has no values of is an error.
pub(super) fn declared<'a>(
    fragments: impl IntoIterator<Item = &'a SchemaFragment>,
) -> Result<HashMap<String, Type>, String> {
    let mut inputs = HashMap::new();
    for fragment in fragments {
        // Cedar has read the file before: what it cannot write as JSON declares no input.
        let Ok(tree) = fragment.clone().to_json_value() else { continue };
        let Some(namespace) = tree.get("MCP") else { continue };
        let names = namespace.get("commonTypes").and_then(Value::as_object);
        for (id, action) in namespace.get("actions").and_then(Value::as_object).into_iter().flatten() {
            let Some(context) = action.pointer("/appliesTo/context") else { continue };
            let context = resolved(context, names, MAX_DEPTH);
            let Some(input) = context.and_then(|context| context.pointer("/attributes/input")) else { continue };
            let read = read(input, names, MAX_DEPTH).filter(|input| matches!(input, Type::Record(_)));
            inputs.insert(id.clone(), read.ok_or_else(|| unfit(id))?);
        }
    }
    Ok(inputs)
}

fn unfit(action: &str) -> String {
    format!(
        "the `input` of `MCP::Action::\"{action}\"` is no record of `String`, `Long`, `Bool`, `decimal`, and sets and \
         records of them"
    )
}

/// A type with its name replaced by what it stands for.
fn resolved<'a>(typ: &'a Value, names: Option<&'a Map<String, Value>>, depth: usize) -> Option<&'a Value> {
    let wanted = typ.get("name").or_else(|| typ.get("type"))?.as_str()?;
    match names.and_then(|names| names.get(wanted.strip_prefix("MCP::").unwrap_or(wanted))) {
        Some(meaning) => resolved(meaning, names, depth.checked_sub(1)?),
        None => Some(typ),
    }
}

fn read(typ: &Value, names: Option<&Map<String, Value>>, depth: usize) -> Option<Type> {
    let depth = depth.checked_sub(1)?;
    let typ = resolved(typ, names, depth)?;
    let kind = typ.get("type")?.as_str()?;
    let kind = if matches!(kind, "EntityOrCommon" | "Extension") { typ.get("name")?.as_str()? } else { kind };
    match kind.strip_prefix("__cedar::").unwrap_or(kind) {
        "Bool" | "Boolean" => Some(Type::Bool),
        "Long" => Some(Type::Long),
        "String" => Some(Type::Text),
        "decimal" => Some(Type::Decimal),
        "Set" => read(typ.get("element")?, names, depth).map(|element| Type::Set(Box::new(element))),
        "Record" => {
            let members = typ.get("attributes")?.as_object()?.iter().map(|(name, member)| {
                let required = member.get("required").and_then(Value::as_bool).unwrap_or(true);
                Some((name.clone(), Member { required, typ: read(member, names, depth)? }))
            });
            members.collect::<Option<_>>().map(Type::Record)
        }
        _ => None,
    }
}

impl Type {
    /// The arguments as a value of this type.
    pub(super) fn of_arguments(&self, arguments: &Map<String, Value>) -> Result<RestrictedExpression, String> {
        match self {
            Self::Record(members) => record(members, arguments, "arguments"),
            Self::Bool | Self::Long | Self::Decimal | Self::Text | Self::Set(_) => Err("no record".to_owned()),
        }
    }

    fn value(&self, json: &Value, at: &str) -> Result<RestrictedExpression, String> {
        let unlike = || format!("`{at}` is not {}", self.described());
        match (self, json) {
            (Self::Bool, Value::Bool(value)) => Ok(RestrictedExpression::new_bool(*value)),
            (Self::Text, Value::String(text)) => Ok(RestrictedExpression::new_string(text.clone())),
            (Self::Long, Value::Number(number)) => {
                number.as_i64().map(RestrictedExpression::new_long).ok_or_else(unlike)
            }
            (Self::Decimal, Value::Number(number)) => {
                decimal(number).map(RestrictedExpression::new_decimal).ok_or_else(unlike)
            }
            (Self::Set(element), Value::Array(items)) => {
                let items = items.iter().map(|item| element.value(item, at)).collect::<Result<Vec<_>, _>>()?;
                Ok(RestrictedExpression::new_set(items))
            }
            (Self::Record(members), Value::Object(fields)) => record(members, fields, at),
            _ => Err(unlike()),
        }
    }

    fn described(&self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Long => "a whole number of 64 bits",
            Self::Decimal => "a number of up to four digits after the point",
            Self::Text => "text",
            Self::Set(_) => "a list",
            Self::Record(_) => "an object",
        }
    }

    /// Some value of this type, with every member.
    pub(super) fn sample(&self) -> Value {
        match self {
            Self::Bool => true.into(),
            Self::Long => 1.into(),
            Self::Decimal => 1.5.into(),
            Self::Text => "text".into(),
            Self::Set(element) => vec![element.sample()].into(),
            Self::Record(members) => {
                members.iter().map(|(name, member)| (name.clone(), member.typ.sample())).collect::<Map<_, _>>().into()
            }
        }
    }
}

fn record(
    members: &BTreeMap<String, Member>,
    fields: &Map<String, Value>,
    at: &str,
) -> Result<RestrictedExpression, String> {
    let mut pairs = Vec::with_capacity(members.len());
    for (name, member) in members {
        let at = format!("{at}.{name}");
        match fields.get(name) {
            // To leave out and to leave empty is one thing to most servers.
            None | Some(Value::Null) if !member.required => {}
            None => return Err(format!("`{at}` is missing")),
            Some(value) => pairs.push((name.clone(), member.typ.value(value, &at)?)),
        }
    }
    RestrictedExpression::new_record(pairs).map_err(|error| error.to_string())
}

/// A number as Cedar writes it; none if Cedar cannot hold it exactly.
fn decimal(number: &serde_json::Number) -> Option<String> {
    if let Some(whole) = number.as_i64() {
        // Cedar's are held in 64 bits, four digits of which are after the point.
        return whole.checked_mul(10_000).map(|_| format!("{whole}.0"));
    }
    let value = number.as_f64().filter(|value| value.abs() < 9e14)?;
    let text = value.to_string();
    let (_, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let written = if text.contains('.') { text.clone() } else { format!("{text}.0") };
    (fraction.len() <= 4).then_some(written)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(declaration: &str) -> Result<HashMap<String, Type>, String> {
        let text = format!(
            r#"namespace MCP {{
                 type Money = {{ amount: decimal, currency?: String }};
                 action "bank/pay" in ["tools/call"] appliesTo {{
                   principal: [AAuth::Person], resource: [Tool], context: {{ input: {declaration} }}
                 }};
               }}"#
        );
        declared([&SchemaFragment::from_cedarschema_str(&text).unwrap().0])
    }

    #[test]
    fn an_input_is_read_from_the_schema_and_filled_from_json() {
        let inputs = input("{ to: String, money: Money, tags?: Set<String>, urgent?: Bool, times?: Long }").unwrap();
        let typ = &inputs["bank/pay"];
        let money = json!({ "amount": 12.5, "other": {} });
        for (arguments, complaint) in [
            (json!({ "to": "a", "money": money, "tags": ["x"], "urgent": true, "times": 3, "more": [{}] }), None),
            (json!({ "to": "a", "money": money, "tags": null }), None),
            (json!({ "money": money }), Some("`arguments.to` is missing")),
            (json!({ "to": null, "money": money }), Some("`arguments.to` is not text")),
            (json!({ "to": "a", "money": { "amount": "1" } }), Some("`arguments.money.amount` is not a number")),
            (json!({ "to": "a", "money": { "amount": 0.12345 } }), Some("`arguments.money.amount` is not a number")),
            (json!({ "to": "a", "money": money, "times": 1.5 }), Some("`arguments.times` is not a whole number")),
            (json!({ "to": "a", "money": money, "times": u64::MAX }), Some("`arguments.times` is not a whole")),
            (json!({ "to": "a", "money": money, "tags": "x" }), Some("`arguments.tags` is not a list")),
            (json!({ "to": { "__entity": { "type": "A", "id": "b" } }, "money": money }), Some("is not text")),
        ] {
            let made = typ.of_arguments(arguments.as_object().unwrap()).map(drop);
            match complaint {
                None => assert_eq!(made, Ok(()), "{arguments}"),
                Some(complaint) => assert!(made.unwrap_err().contains(complaint), "{arguments}"),
            }
        }
        assert!(typ.of_arguments(typ.sample().as_object().unwrap()).is_ok());
    }

    #[test]
    fn an_input_that_json_has_no_values_of_is_refused() {
        for declaration in ["{ who: AAuth::Person }", "{ at: datetime }", "String", "Set<Long>"] {
            assert!(input(declaration).unwrap_err().contains("bank/pay"), "{declaration}");
        }
    }

    #[test]
    fn only_numbers_that_cedar_holds_exactly_are_decimals() {
        let number = |text: &str| decimal(&serde_json::from_str(text).unwrap());
        assert_eq!(number("12").as_deref(), Some("12.0"));
        assert_eq!(number("-0.5").as_deref(), Some("-0.5"));
        assert_eq!(number("1e3").as_deref(), Some("1000.0"));
        for text in ["0.00001", "1e300", "922337203685478000", "18446744073709551615"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
