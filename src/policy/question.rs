//! A question read and put in Cedar's terms: the action with its groups, what is asked of with all it is below, the
//! context.

use cedar_policy::{Entities, Entity, EntityUid, Request, Schema};

use super::call::Call;
use super::context;
use super::decision::Cause;
use super::index::{Index, Slice};
use super::mentions::Mentions;
use super::names::{names, uid};
use super::path;
use super::request::RequestFacts;
use super::schema::{Action, Actions};
use super::subject::Subject;

/// What is asked, apart from who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// The id of the resource.
    pub(super) resource: &'a str,
    pub(super) facts: &'a RequestFacts<'a>,
    pub(super) now: i64,
}

/// Why a question could not be put.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) cause: Cause,
    pub(super) message: Option<String>,
}

impl Refusal {
    /// The resource, the method, or the caller asking for this method is not in the schema.
    pub(super) fn not_in_schema() -> Self {
        Self { cause: Cause::NotInSchema, message: None }
    }

    fn because(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: Some(message.into()) }
    }
}

/// A question that makes sense.
pub(super) struct Asked<'a> {
    question: Question<'a>,
    action: &'a Action,
    subject: &'a Subject,
    path: String,
    /// What is asked of: the path, or what the call is of.
    target: EntityUid,
    /// That, and what it is below: the path, its prefixes, and the resource.
    lineage: Vec<EntityUid>,
}

impl<'a> Asked<'a> {
    /// Reads a question to the resource with this entity.
    pub(super) fn read(
        question: Question<'a>,
        subject: &'a Subject,
        resource: &EntityUid,
        actions: &'a Actions,
    ) -> Result<Self, Refusal> {
        let action = match question.facts.call {
            None => actions.of_method(question.facts.method),
            Some(call) => actions.of_call(call),
        };
        let action = action.ok_or_else(Refusal::not_in_schema)?;
        if !action.admits(subject.kind()) {
            return Err(Refusal::not_in_schema());
        }
        let path =
            path::canonical(question.facts.path).map_err(|message| Refusal::because(Cause::Unreadable, message))?;
        let mut lineage: Vec<_> = question.facts.call.map(served).unwrap_or_default();
        lineage.extend(path::prefixes(&path).map(|prefix| uid(&names().path, prefix)));
        lineage.push(resource.clone());
        let target = lineage.first().unwrap_or(resource).clone();
        Ok(Self { question, action, subject, path, target, lineage })
    }

    /// The policies that can match.
    pub(super) fn select<'i>(&self, index: &'i Index) -> Vec<&'i Slice> {
        index.select(self.action, self.subject.kind(), self.subject.lineage(), &self.lineage)
    }

    /// The question as Cedar takes it, with as much of the context as is read.
    pub(super) fn build(&self, mentions: Mentions) -> Result<(Request, Entities), Refusal> {
        let Question { facts, now, .. } = self.question;
        let built =
            context::build(facts, &self.path, self.subject.token_uid(), now, mentions, self.action.input.as_ref())
                .map_err(|message| Refusal::because(Cause::Unreadable, message))?;
        // All ancestors are given as parents, so none of them needs an entity of its own.
        let target = Entity::new_no_attrs(self.target.clone(), self.lineage.iter().skip(1).cloned().collect());
        let failed = |message: String| Refusal::because(Cause::EvaluationError, message);
        let (known, caller) = self.caller(mentions).map_err(failed)?;
        let entities = caller.into_iter().flatten().chain(built.entities).chain([target, self.action.entity.clone()]);
        // Adding closes the hierarchy again in a fraction of the time that `from_entities` takes to close it.
        let entities = known.add_entities(entities, None).map_err(|error| failed(error.to_string()))?;
        // Everything here was built to the schema, which the trial of each load proves; validating it again would
        // cost more than deciding.
        let request = self.request(built.context, None).map_err(failed)?;
        Ok((request, entities))
    }

    /// Who asks, as far as it is read: what is kept ready, and what is to be added.
    fn caller(&self, mentions: Mentions) -> Result<(Entities, [Option<Entity>; 2]), String> {
        if mentions.any(Mentions::DETAILS) {
            return Ok((self.subject.detailed()?, [None, None]));
        }
        let principal = mentions.any(Mentions::ANCESTORS).then(|| self.subject.principal_alone());
        let token = mentions.any(Mentions::TOKEN).then(|| self.subject.token_alone());
        Ok((Entities::empty(), [principal.transpose()?, token.transpose()?]))
    }

    /// Whether the whole of this question, with nothing left out, is what the schema declares.
    pub(super) fn conforms(&self, schema: &Schema) -> Result<(), String> {
        let (request, entities) =
            self.build(Mentions::EVERYTHING).map_err(|refusal| refusal.message.unwrap_or_default())?;
        Entities::from_entities(entities.iter().cloned(), Some(schema)).map_err(|error| error.to_string())?;
        let context = request.context().cloned().ok_or("the context is unknown")?;
        self.request(context, Some(schema)).map(drop)
    }

    fn request(&self, context: cedar_policy::Context, schema: Option<&Schema>) -> Result<Request, String> {
        Request::new(self.subject.uid()?, self.action.uid.clone(), self.target.clone(), context, schema)
            .map_err(|error| error.to_string())
    }

    /// What is asked for.
    pub(super) fn action(&self) -> &Action {
        self.action
    }
}

/// What a call is of, and what that belongs to.
fn served(call: &Call) -> Vec<EntityUid> {
    let n = names();
    match call {
        Call::Mcp(call) => {
            let tool = call.tool_id().map(|tool| uid(&n.mcp_tool, tool));
            tool.into_iter().chain([uid(&n.mcp_server, &call.server)]).collect()
        }
        Call::A2a(call) => vec![uid(&n.a2a_agent, &call.agent)],
    }
}
