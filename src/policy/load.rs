//! From files to policies: parse, name, annotate, validate. All faults of all files are found in one go.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{ActionConstraint, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::annotations::{self, Obligations};
use super::error::{LoadFault, Position, did_you_mean};
use super::mentions::Mentions;
use super::names::{names, uid};
use super::path;
use super::schema::TOOLS_CALL;
use super::source::{Home, Source};

/// How far a policy may follow attributes from entity to entity. Requests hold every entity within that reach.
const LEVEL: u32 = 2;

/// A policy under its own name.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) obligations: Arc<Obligations>,
    pub(super) home: Home,
    /// What it reads of the context.
    pub(super) mentions: Mentions,
    /// Where it is written, for those who read about it.
    pub(super) origin: Origin,
    place: Place,
}

/// The lines a policy is written on, annotations included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: Arc<Path>,
    /// Where it begins.
    pub from: Position,
    /// Where it ends, with its semicolon.
    pub to: Position,
}

/// Where a policy was read.
#[derive(Debug, Clone, Copy)]
struct Place {
    source: usize,
    offset: usize,
    length: usize,
}

/// Everything that was read, against a schema.
pub(super) struct Loader<'a> {
    sources: &'a [Source],
    resources: &'a [String],
    faults: Vec<LoadFault>,
}

impl Loaded {
    /// Which source it was read from, and which bytes of it are the policy.
    pub(super) fn place(&self) -> (usize, Range<usize>) {
        (self.place.source, self.place.offset..self.place.offset + self.place.length)
    }

    /// Another policy in the place of this one, with its annotations.
    pub(super) fn replaced(&self, policy: Policy) -> Self {
        Self {
            mentions: Mentions::of(&policy),
            policy,
            origin: self.origin.clone(),
            obligations: Arc::clone(&self.obligations),
            home: self.home.clone(),
            place: self.place,
        }
    }

    /// A fault of this policy.
    pub(super) fn fault(&self, sources: &[Source], message: impl Into<String>) -> LoadFault {
        let message = message.into();
        match sources.get(self.place.source) {
            Some(source) => LoadFault::at(source, self.place.offset, message),
            None => LoadFault::whole("policies", message),
        }
    }
}

impl<'a> Loader<'a> {
    pub(super) fn new(sources: &'a [Source], resources: &'a [String]) -> Self {
        Self { sources, resources, faults: Vec::new() }
    }

    /// The policies, if there is nothing wrong with any of them.
    pub(super) fn load(mut self, schema: &Schema) -> Result<Vec<Loaded>, Vec<LoadFault>> {
        let mut loaded = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            match PolicySet::from_str(&source.text) {
                Ok(set) => self.take(index, source, &set, &mut loaded),
                Err(errors) => {
                    self.faults.extend(errors.iter().map(|error| LoadFault::cedar(source, 0, error)));
                }
            }
        }
        self.refuse_duplicates(&loaded);
        self.refuse_half_of_the_tools(&loaded, schema);
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        self.validate(&loaded, schema);
        if self.faults.is_empty() { Ok(loaded) } else { Err(self.faults) }
    }

    fn take(&mut self, index: usize, source: &Source, set: &PolicySet, loaded: &mut Vec<Loaded>) {
        if set.templates().next().is_some() {
            self.faults.push(
                LoadFault::at(source, 0, "the file holds a template, and nothing would link it")
                    .hint("replace `?principal` and `?resource` by what they stand for"),
            );
        }
        let mut policies: Vec<&Policy> = set.policies().collect();
        // Cedar numbers policies as they come in the file: `policy0`, `policy1` and on.
        policies.sort_by_key(|policy| position_in_file(policy.id()));
        let file: Arc<Path> = source.path.as_path().into();
        let mut from = 0;
        for policy in policies {
            let text = policy.to_cedar().unwrap_or_default();
            let offset = source.text.get(from..).and_then(|rest| rest.find(&text)).map_or(from, |at| from + at);
            from = offset;
            let (obligations, complaints) = annotations::read(policy);
            for complaint in complaints {
                let at = complaint.key.as_deref().and_then(|key| find_annotation(&text, key)).unwrap_or_default();
                let fault = LoadFault::at(source, offset + at, complaint.message);
                self.faults.push(LoadFault { hint: complaint.hint, ..fault });
            }
            self.check_literals(source, offset, policy);
            loaded.push(Loaded {
                policy: policy.new_id(PolicyId::new(&obligations.id)),
                obligations: Arc::new(obligations),
                home: source.home.clone(),
                mentions: Mentions::of(policy),
                origin: Origin {
                    file: Arc::clone(&file),
                    from: source.position(offset),
                    to: source.position(offset + text.len().saturating_sub(1)),
                },
                place: Place { source: index, offset, length: text.len() },
            });
            // The next policy starts after this one, even where their texts are the same.
            from += text.len();
        }
    }

    /// A path or a resource that no request can name is a policy that looks alive and is dead.
    fn check_literals(&mut self, source: &Source, offset: usize, policy: &Policy) {
        for uid in policy.entity_literals() {
            let id = uid.id().unescaped();
            if *uid.type_name() == names().path && !is_canonical(id) {
                let fault = LoadFault::at(source, offset, format!("no request has the path `{}`", id.escape_debug()));
                let hint = match path::canonical(id) {
                    Ok(canonical) => format!("write it as requests have it: `{canonical}`"),
                    Err(why) => why.to_owned(),
                };
                self.faults.push(fault.hint(hint));
            }
            if *uid.type_name() == names().mcp_tool && id.split_once('/').is_none_or(|(server, _)| server.is_empty()) {
                let fault = LoadFault::at(source, offset, format!("no call is of the tool `{}`", id.escape_debug()));
                self.faults.push(fault.hint("name the server too, as `files/read_file`"));
            }
            if *uid.type_name() == names().resource && !self.resources.iter().any(|known| known == id) {
                let fault = LoadFault::at(source, offset, format!("no resource has the id `{}`", id.escape_debug()));
                let hint = did_you_mean(id, self.resources.iter().map(String::as_str));
                self.faults.push(LoadFault { hint, ..fault });
            }
        }
    }

    fn refuse_duplicates(&mut self, loaded: &[Loaded]) {
        let mut first: HashMap<&str, Place> = HashMap::new();
        for Loaded { obligations, place, .. } in loaded {
            // A missing id has its own fault.
            if obligations.id.is_empty() {
                continue;
            }
            let Some(earlier) = first.insert(&obligations.id, *place) else {
                continue;
            };
            let (Some(here), Some(there)) = (self.sources.get(place.source), self.sources.get(earlier.source)) else {
                continue;
            };
            let at = there.position(earlier.offset);
            let message = format!("the id `{}` is taken", obligations.id);
            let hint = format!("it is also at {}:{}:{}", there.path.display(), at.line, at.column);
            self.faults.push(LoadFault::at(here, place.offset, message).hint(hint));
        }
    }

    /// Once a tool has an action of its own, `action == MCP::Action::"tools/call"` is no longer about it: a `forbid` that
    /// holds today would silently stop to hold for that tool.
    fn refuse_half_of_the_tools(&mut self, loaded: &[Loaded], schema: &Schema) {
        let every = uid(&names().mcp_action, TOOLS_CALL);
        let Ok(actions) = schema.action_entities() else { return };
        let Some(one) = schema.actions().find(|one| actions.is_ancestor_of(&every, one)) else { return };
        for policy in loaded {
            if matches!(policy.policy.action_constraint(), ActionConstraint::Eq(action) if action == every) {
                let message =
                    format!("`action == {every}` leaves out tools that have actions of their own, as `{one}`");
                let fault = policy.fault(self.sources, message);
                self.faults.push(fault.hint(format!("write `action in {every}`")));
            }
        }
    }

    /// Validates strictly, with warnings as errors: a policy that can never match is only a warning to Cedar.
    fn validate(&mut self, loaded: &[Loaded], schema: &Schema) {
        let places: HashMap<&str, Place> = loaded.iter().map(|l| (&*l.obligations.id, l.place)).collect();
        let set = match PolicySet::from_policies(loaded.iter().map(|l| l.policy.clone())) {
            Ok(set) => set,
            Err(error) => {
                self.faults.push(LoadFault::whole("policies", error.to_string()));
                return;
            }
        };
        let result = Validator::new(schema.clone()).validate_with_level(&set, ValidationMode::Strict, LEVEL);
        let errors = result.validation_errors().map(|e| (e.policy_id(), e as &dyn miette::Diagnostic));
        let warnings = result.validation_warnings().map(|w| (w.policy_id(), w as &dyn miette::Diagnostic));
        let mut told = HashSet::new();
        // Cedar tells one fault for every action it is a fault for; once is enough, and of HTTP, where it is one there.
        let mut found: Vec<_> = errors.chain(warnings).map(|(id, error)| (id, error, error.to_string())).collect();
        found.sort_by(|(_, _, a), (_, _, b)| (!a.contains("HTTP::"), a).cmp(&(!b.contains("HTTP::"), b)));
        for (id, error, _) in found {
            let place = places.get(AsRef::<str>::as_ref(id));
            let fault = match place.and_then(|p| Some((self.sources.get(p.source)?, p.offset))) {
                Some((source, offset)) => LoadFault::cedar(source, offset, error),
                None => LoadFault::whole("policies", error.to_string()),
            };
            let about = fault.message.split_once(" in context for ").map_or(&*fault.message, |(what, _)| what);
            if told.insert((fault.file.clone(), fault.position, about.to_owned())) {
                self.faults.push(fault);
            }
        }
    }
}

fn position_in_file(id: &PolicyId) -> usize {
    let id: &str = id.as_ref();
    id.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
}

fn find_annotation(text: &str, key: &str) -> Option<usize> {
    let written = format!("@{key}");
    text.match_indices(&written)
        .find(|(at, _)| {
            let next = text.get(at + written.len()..).and_then(|rest| rest.chars().next());
            next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
        .map(|(at, _)| at)
}

fn is_canonical(id: &str) -> bool {
    // A literal is not encoded, so a percent sign in it stands for itself.
    path::canonical(&id.replace('%', "%25")).is_ok_and(|canonical| canonical == id)
}
