//! From an OpenAPI document to policies: a permit for each operation, whose action is the operation's method and whose
//! resource is its path.
//!
//! | file | what it does |
//! |---|---|
//! | `document` | reads the operations, and tells what is wrong with the document by line and column |
//! | `security` | who may do them, and with which scopes |
//! | `route` | a path with parameters, and which requests are of it |
//! | `written` | the policies |
//!
//! Nothing but the operations is read: parameters, bodies and answers are the service's to check.

mod document;
mod route;
mod security;
mod written;

use std::path::Path;

use self::route::Route;
use self::security::Access;
use crate::authorizer::config::error::ConfigErrors;

/// What a document says that is of use to policies.
#[derive(Debug)]
struct Api {
    title: String,
    operations: Vec<Operation>,
    /// What no policy is written for, and why.
    left_out: Vec<(String, &'static str)>,
}

/// One method on one path.
#[derive(Debug)]
struct Operation {
    id: String,
    method: &'static str,
    route: Route,
    summary: Option<String>,
    access: Access,
}

/// The policies of a resource with this API. `base` is put before each path, instead of what the document says.
pub(super) fn policies(file: &Path, text: &str, resource: &str, base: Option<&str>) -> anyhow::Result<String> {
    let api = read(file, text, base)?;
    written::policies(&api, resource)
}

fn read(file: &Path, text: &str, base: Option<&str>) -> Result<Api, ConfigErrors> {
    document::read(&file.display().to_string(), text, base)
}

#[cfg(test)]
mod tests;
