//! Questions in Cedar's own terms: entities and context as they are, not made from a token and a request.

use cedar_policy::{Context, Entities, EntityUid, Request, Schema};
use serde_json::Value;

use super::decision::PolicyError;
use super::engine::{Snapshot, Verdict};

/// A question as Cedar takes it: entity ids in Cedar's syntax, the rest in its JSON format.
#[derive(Debug, Clone, PartialEq)]
pub struct RawQuestion {
    /// Who asks, as in `AAuth::Person::"https://ps.example#ada"`.
    pub principal: String,
    /// What for, as in `HTTP::Action::"GET"`.
    pub action: String,
    /// Of what, as in `HTTP::Path::"/v1"`.
    pub resource: String,
    /// The context.
    pub context: Value,
    /// The entities.
    pub entities: Value,
}

/// What the policies say to it, each list sorted. Where a forbid matched, no permit is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawVerdict {
    /// The permits that matched.
    pub permits: Vec<String>,
    /// The forbids that matched.
    pub forbids: Vec<String>,
    /// The policies that failed to evaluate.
    pub errors: Vec<PolicyError>,
}

impl RawVerdict {
    /// Whether Cedar allows it, which passes over policies that fail. The server does not: it denies for any of them.
    pub fn cedar_allows(&self) -> bool {
        self.forbids.is_empty() && !self.permits.is_empty()
    }

    /// The policies that determined it.
    pub fn determining(&self) -> &[String] {
        if self.forbids.is_empty() { &self.permits } else { &self.forbids }
    }
}

impl RawQuestion {
    /// The question as Cedar takes it, held against the schema.
    pub(super) fn build(&self, schema: &Schema) -> Result<(Request, Entities), String> {
        let uid = |what: &str, text: &str| {
            text.parse::<EntityUid>().map_err(|error| format!("the {what} `{text}` is no entity: {error}"))
        };
        let action = uid("action", &self.action)?;
        let context = Context::from_json_value(self.context.clone(), Some((schema, &action)))
            .map_err(|error| format!("the context: {error}"))?;
        let (principal, asked) = (uid("principal", &self.principal)?, uid("resource", &self.resource)?);
        let request = Request::new(principal, action, asked, context, Some(schema))
            .map_err(|error| format!("the request: {error}"))?;
        let entities = Entities::from_json_value(self.entities.clone(), Some(schema))
            .map_err(|error| format!("the entities: {error}"))?;
        Ok((request, entities))
    }
}

impl Snapshot {
    /// What the policies of a resource say to a question in Cedar's own terms, or those of every resource. The
    /// question is held against the schema.
    pub fn decide_raw(&self, resource: Option<&str>, question: &RawQuestion) -> Result<RawVerdict, String> {
        let (request, entities) = question.build(self.schema())?;
        let Verdict { permits, forbids, errors } =
            self.weigh_whole(|id| resource.is_none_or(|wanted| wanted == id), &request, &entities);
        let names = |found: std::collections::BTreeMap<std::sync::Arc<str>, _>| {
            found.into_keys().map(|id| id.to_string()).collect()
        };
        let permits = if forbids.is_empty() { names(permits) } else { Vec::new() };
        Ok(RawVerdict { permits, forbids: names(forbids), errors })
    }
}
