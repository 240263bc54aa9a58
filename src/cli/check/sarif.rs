//! Findings as SARIF 2.1.0, which code scanning reads.

use serde_json::{Value, json};

use super::finding::Finding;
use crate::policy::RULES;

pub(super) fn render(findings: &[Finding]) -> Value {
    let kinds = [("configuration", "the configuration"), ("policy", "policies and schemas")];
    let rules: Vec<Value> = kinds
        .into_iter()
        .chain(RULES)
        .map(|(id, what)| json!({ "id": id, "shortDescription": { "text": what } }))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "authorizer",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(&finding.file) } });
    if let Some((line, column)) = finding.at {
        place = json!({
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": line, "startColumn": column },
        });
    }
    json!({
        "ruleId": finding.rule,
        "level": finding.severity.as_str(),
        "message": { "text": finding.sentence() },
        "locations": [{ "physicalLocation": place }],
    })
}

/// A path as a relative reference, or a `file` URI where it is absolute.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            crate::aauth::percent::push_percent_encoded(&mut uri, byte);
        }
    }
    uri
}
