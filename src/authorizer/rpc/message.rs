//! One message of JSON-RPC as a call.

use serde_json::{Map, Value, json};

use super::{Protocol, RpcRoute};
use crate::policy::{A2aCall, Call, McpCall};

/// The longest name of a method, a tool or a prompt, in bytes.
const LONGEST_NAME: usize = 256;

/// What is wrong with a message; never a word of the message itself.
pub(super) type Wrong = String;

/// Reads a message that came to this route.
pub(super) fn read(route: &RpcRoute, message: Value) -> Result<Call, Wrong> {
    let Value::Object(message) = message else { return Err("a message is no object".to_owned()) };
    spelt(&message, &["jsonrpc", "id", "method", "params", "result", "error"])?;
    if text(&message, "jsonrpc")?.as_deref() != Some("2.0") {
        return Err("`jsonrpc` is not `2.0`".to_owned());
    }
    let method = name(&message, "method")?;
    let answers = ["result", "error"].iter().filter(|member| message.contains_key(**member)).count();
    match (&method, answers) {
        (Some(_), 0) => {}
        // The client answers the server: only MCP has that.
        (None, 1) if route.protocol == Protocol::Mcp => {}
        (None, _) => return Err("a message has no `method`".to_owned()),
        (Some(_), _) => return Err("a message is both a call and an answer".to_owned()),
    }
    let params = object(&message, "params")?.unwrap_or_default();
    match (route.protocol, method) {
        (Protocol::Mcp, method) => mcp(&route.service, method, &params).map(Call::Mcp),
        (Protocol::A2a, Some(method)) => a2a(&route.service, method, &params).map(Call::A2a),
        (Protocol::A2a, None) => Err("a message has no `method`".to_owned()),
    }
}

fn mcp(server: &str, method: Option<String>, params: &Map<String, Value>) -> Result<McpCall, Wrong> {
    spelt(params, &["name", "arguments", "uri"])?;
    let mut call = McpCall { server: server.to_owned(), method, ..McpCall::default() };
    let named = |what| name(params, "name")?.ok_or_else(|| format!("a call of a {what} has no `name`"));
    match call.method.as_deref() {
        Some("tools/call") => {
            call.tool = Some(named("tool")?);
            call.arguments = object(params, "arguments")?.unwrap_or_default();
        }
        Some("prompts/get") => {
            call.prompt = Some(named("prompt")?);
            call.arguments = object(params, "arguments")?.unwrap_or_default();
        }
        Some("resources/read" | "resources/subscribe" | "resources/unsubscribe") => {
            call.uri = Some(text(params, "uri")?.ok_or("a resource has no `uri`")?);
        }
        Some(_) | None => {}
    }
    Ok(call)
}

fn a2a(agent: &str, method: String, params: &Map<String, Value>) -> Result<A2aCall, Wrong> {
    // Version 1.0 is read by protobuf's rules, which take `task_id` for `taskId`.
    spelt(params, &["id", "taskId", "contextId", "message"])?;
    let message = object(params, "message")?.unwrap_or_default();
    spelt(&message, &["taskId", "contextId"])?;
    let (task_id, context_id) = match method.as_str() {
        "message/send" | "message/stream" | "SendMessage" | "SendStreamingMessage" => {
            (text(&message, "taskId")?, text(&message, "contextId")?)
        }
        "tasks/list" | "ListTasks" => (None, text(params, "contextId")?),
        "tasks/pushNotificationConfig/set" => (text(params, "taskId")?, None),
        named if named.starts_with("tasks/") || named.ends_with("Task") => (text(params, "id")?, None),
        _ => (text(params, "taskId")?, None),
    };
    Ok(A2aCall { agent: agent.to_owned(), method, task_id, context_id })
}

/// A message that asks for this call, with no more in it than policies saw.
pub fn written(call: &Call) -> Value {
    let (method, params) = match call {
        Call::Mcp(call) => {
            let mut params = Map::new();
            let name = call.tool.as_ref().or(call.prompt.as_ref());
            params.extend(name.map(|name| ("name".to_owned(), name.as_str().into())));
            if !call.arguments.is_empty() {
                params.insert("arguments".to_owned(), call.arguments.clone().into());
            }
            params.extend(call.uri.as_ref().map(|uri| ("uri".to_owned(), uri.as_str().into())));
            (call.method.as_deref(), params)
        }
        Call::A2a(call) => {
            let ids = [("taskId", &call.task_id), ("contextId", &call.context_id)];
            let ids = ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id.as_deref()?.into())));
            let mut params: Map<String, Value> = ids.collect();
            if let Some(task) = params.get("taskId").cloned() {
                params.insert("id".to_owned(), task);
            }
            params.insert("message".to_owned(), params.clone().into());
            if let Some(Value::Object(message)) = params.get_mut("message") {
                message.shift_remove("id");
            }
            (Some(call.method.as_str()), params)
        }
    };
    match method {
        Some(method) => json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
        None => json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
    }
}

/// Whether no member has a name that some server takes for one of these: Go's and others' readers do not tell
/// `Method` from `method`, and protobuf's take `task_id` for `taskId`.
fn spelt(object: &Map<String, Value>, known: &[&str]) -> Result<(), Wrong> {
    let strange = |name: &&String| {
        let folded = folded(name);
        known.iter().any(|known| *known != name.as_str() && self::folded(known) == folded)
    };
    match object.keys().find(strange) {
        Some(_) => Err(format!("a member is spelt almost as one of `{}`", known.join("`, `"))),
        None => Ok(()),
    }
}

/// Letters that some reader takes for one another. Upper case first: it is `S` for `ſ`, and then `k` for the sign of
/// Kelvin.
fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn name(object: &Map<String, Value>, member: &str) -> Result<Option<String>, Wrong> {
    match text(object, member)? {
        Some(name) if name.is_empty() || name.len() > LONGEST_NAME => {
            Err(format!("`{member}` is empty, or longer than {LONGEST_NAME} bytes"))
        }
        found => Ok(found),
    }
}

fn text(object: &Map<String, Value>, member: &str) -> Result<Option<String>, Wrong> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(format!("`{member}` is no text"))
        }
    }
}

fn object(object: &Map<String, Value>, member: &str) -> Result<Option<Map<String, Value>>, Wrong> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(found)) => Ok(Some(found.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(format!("`{member}` is no object"))
        }
    }
}
