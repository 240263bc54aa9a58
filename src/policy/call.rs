//! A call by JSON-RPC, in plain words: what is asked of an MCP server or of an agent that speaks A2A.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum Call {
    /// Of an MCP server.
    Mcp(McpCall),
    /// Of an agent.
    A2a(A2aCall),
}

/// A call of an MCP server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpCall {
    /// The server's name.
    pub server: String,
    /// The method, as sent; none where the client answers the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The tool of `tools/call`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The prompt of `prompts/get`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The resource of `resources/read` and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The arguments of a tool or a prompt.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Value>,
}

/// A call of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct A2aCall {
    /// The agent's name.
    pub agent: String,
    /// The method, as sent.
    pub method: String,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_id: Option<String>,
}

impl Call {
    /// The method and, of a tool, its name: what stands in logs.
    pub fn label(&self) -> String {
        match self {
            Self::Mcp(McpCall { server, method, tool: Some(tool), .. }) => {
                format!("{} {server}/{tool}", method.as_deref().unwrap_or(RESPONSE))
            }
            Self::Mcp(call) => call.method_name().to_owned(),
            Self::A2a(call) => call.method.clone(),
        }
    }
}

/// What stands for the method of a message that has none.
const RESPONSE: &str = "response";

impl McpCall {
    /// The value of `context.mcp.method`.
    pub(super) fn method_name(&self) -> &str {
        self.method.as_deref().unwrap_or(RESPONSE)
    }

    /// The action that stands for this tool alone, and the id of its entity.
    pub(super) fn tool_id(&self) -> Option<String> {
        self.tool.as_ref().map(|tool| format!("{}/{tool}", self.server))
    }

    /// The action of the schema that is asked for where the method has one. A method cannot name what only stands for
    /// several of them.
    pub(super) fn action(&self) -> &str {
        match self.method.as_deref() {
            None => RESPONSE,
            Some(method) if method.starts_with("notifications/") => "notification",
            Some("notification" | RESPONSE) => OTHER,
            Some(method) => method,
        }
    }
}

/// The action of a method that has none of its own.
pub(super) const OTHER: &str = "other";

impl A2aCall {
    /// The action of the schema that is asked for where the method has one. Version 1.0 renamed every method.
    pub(super) fn action(&self) -> &str {
        match self.method.as_str() {
            "SendMessage" => "message/send",
            "SendStreamingMessage" => "message/stream",
            "GetTask" => "tasks/get",
            "ListTasks" => "tasks/list",
            "CancelTask" => "tasks/cancel",
            "SubscribeToTask" => "tasks/resubscribe",
            "CreateTaskPushNotificationConfig" => "tasks/pushNotificationConfig/set",
            "GetTaskPushNotificationConfig" => "tasks/pushNotificationConfig/get",
            "ListTaskPushNotificationConfigs" => "tasks/pushNotificationConfig/list",
            "DeleteTaskPushNotificationConfig" => "tasks/pushNotificationConfig/delete",
            "GetExtendedAgentCard" => "agent/getAuthenticatedExtendedCard",
            method => method,
        }
    }
}

#[cfg(test)]
mod tests;
