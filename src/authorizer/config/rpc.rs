//! Where a resource is served by JSON-RPC: its MCP servers and its A2A agents, each at a path.

use super::error::{Fault, quotable};
use super::reader::{Parsed, Section};
use super::resource::ResourceId;
use crate::authorizer::rpc::{Protocol, RpcRoute};
use crate::policy::canonical_path;

/// The routes of the resource with this id, whose name a service has that has none of its own.
pub(super) fn routes(section: &Section<'_>, id: &str) -> Vec<RpcRoute> {
    let mut routes: Vec<RpcRoute> = Vec::new();
    for (list, name, protocol) in [("mcp", "server", Protocol::Mcp), ("a2a", "agent", Protocol::A2a)] {
        for item in section.sections(list) {
            let service = item.value(name, service).unwrap_or_else(|| id.to_owned());
            let Some(path) = item.required("path", path) else { continue };
            if routes.iter().any(|route| route.path == path) {
                item.wrong("path", Fault::new(format!("something is served at `{path}` already")));
            }
            routes.push(RpcRoute { path, protocol, service });
        }
    }
    routes
}

/// What a service is called in policies.
fn service(text: &str) -> Parsed<String> {
    ResourceId::parse(text).map(|name| name.as_str().to_owned())
}

/// A path as policies write it: nothing encoded, no slash at the end.
fn path(text: &str) -> Parsed<String> {
    let wrong = |why: &str| Fault::new(format!("`{}` is not a path: {why}", quotable(text)));
    // A percent sign stands for itself, as in policies.
    let path = canonical_path(&text.replace('%', "%25")).map_err(wrong)?;
    if path == text {
        return Ok(path);
    }
    Err(wrong("requests have it otherwise").hint(format!("write `{}`", quotable(&path))))
}
