//! Writes plain data as one line of YAML.

use serde_json::Value;

/// The value in flow style. What a reader could take for something else is in quotes.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", scalar(name), flow(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '@');
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if starts && !word && !text.ends_with(':') && text.chars().all(plain) {
        return text.to_owned();
    }
    // A JSON string is a YAML string in double quotes.
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_be_something_else_is_quoted() {
        for (text, written) in [
            ("ada", "ada"),
            ("https://ps.example", "https://ps.example"),
            ("/v1/orders", "/v1/orders"),
            ("aauth:a@b.example", "aauth:a@b.example"),
            ("", "\"\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("42", "\"42\""),
            ("a b", "\"a b\""),
            ("a:", "\"a:\""),
            ("*", "\"*\""),
            ("a\"b\n", "\"a\\\"b\\n\""),
            ("x#y", "\"x#y\""),
        ] {
            assert_eq!(flow(&json!(text)), written);
        }
        assert_eq!(flow(&json!({ "a": ["b", 1], "c d": {} })), r#"{ a: [b, 1], "c d": {} }"#);
    }
}
