//! Lists of tools as servers give them, and the policies that their schemas make possible.

use serde_json::json;

use super::super::testkit::{Folder, NOW, facts, robot};
use super::super::{Call, McpCall, RequestFacts};
use super::*;

fn listed() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": [
        {
            "name": "pay",
            "description": "\n Pays somebody.\nAt length.",
            "inputSchema": {
                "type": "object",
                "$defs": { "Money": { "type": "object", "properties": { "amount": { "type": "number" }, "currency": { "enum": ["EUR", "USD"] } }, "required": ["amount"] },
                           "Loop": { "type": "object", "properties": { "again": { "$ref": "#/$defs/Loop" } } } },
                "properties": {
                    "to": { "type": "string" },
                    "money": { "$ref": "#/$defs/Money" },
                    "times": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "urgent": { "type": ["boolean", "null"] },
                    "in": { "const": "x" },
                    "a-b \"c\"": { "type": "string" },
                    "any": {},
                    "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                    "map": { "type": "object", "additionalProperties": { "type": "string" } },
                    "rows": { "type": "array" },
                    "loop": { "$ref": "#/$defs/Loop" },
                    "gone": { "$ref": "#/$defs/Gone" },
                },
                "required": ["to", "money", "urgent"],
            },
        },
        { "name": "ping \"x\"\n", "inputSchema": { "type": "object" } },
        { "name": "bare" },
    ] } })
}

#[test]
fn a_list_of_tools_becomes_a_schema() {
    insta::assert_snapshot!(mcp_schema("bank", &listed()).unwrap());
}

#[test]
fn policies_read_typed_arguments() {
    let folder = Folder::with(
        r#"@id("small") permit (principal, action == MCP::Action::"bank/pay", resource)
           when { context.input.money.amount.lessThan(decimal("100.0")) && context.input.to == "grocer" };"#,
    );
    folder.write("schemas/bank.cedarschema", &mcp_schema("bank", &listed()).unwrap());
    let store = folder.open().unwrap_or_else(|faults| panic!("{faults}"));
    for (amount, permitted) in [(json!(12), true), (json!(99.99), true), (json!(100), false), (json!("12"), false)] {
        let arguments = json!({ "to": "grocer", "money": { "amount": amount }, "any": [1] });
        let arguments = arguments.as_object().unwrap().clone();
        let (method, tool) = (Some("tools/call".to_owned()), Some("pay".to_owned()));
        let call = Call::Mcp(McpCall { server: "bank".into(), method, tool, arguments, ..McpCall::default() });
        let facts = RequestFacts { call: Some(&call), ..facts("POST", "/mcp") };
        assert_eq!(store.current().decide("orders", &robot(), &facts, NOW).is_permit(), permitted, "{amount}");
    }
}

#[test]
fn what_is_no_list_of_tools_is_an_error() {
    for (listed, complaint) in [
        (json!({}), "no list of `tools`"),
        (json!({ "tools": {} }), "no list of `tools`"),
        (json!([{}]), "tool 0 has no `name`"),
        (json!([{ "name": "a" }, { "name": "a" }]), "listed twice"),
        (json!("x"), "no list of `tools`"),
    ] {
        assert!(mcp_schema("s", &listed).unwrap_err().contains(complaint), "{listed}");
    }
}
