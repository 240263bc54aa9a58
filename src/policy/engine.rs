//! A set of policies that was taken, and the asking of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cedar_policy::{Authorizer, Entities, Entity, EntityUid, PolicySetError, Request, Response, Schema};

use super::annotations::Obligations;
use super::consent;
use super::context;
use super::decision::{Ask, Cause, Decision, Denial, Effect, Outcome, PolicyError, ShadowVerdict};
use super::index::{Index, Slice};
use super::load::Loaded;
use super::mentions::Mentions;
use super::names::{names, uid};
use super::path;
use super::request::RequestFacts;
use super::schema::{Action, Actions};
use super::source::Home;
use super::subject::{Prepared, Subject};

/// A set of policies that was parsed, validated and tried. Never changes; a reload makes another.
#[derive(Debug)]
pub struct Snapshot {
    authorizer: Authorizer,
    actions: Actions,
    resources: HashMap<String, Resource>,
    obligations: HashMap<Arc<str>, Arc<Obligations>>,
    generation: u64,
    content_hash: String,
}

/// The policies of one resource. Those in shadow are kept apart, so that no verdict of theirs has to be left out.
#[derive(Debug)]
struct Resource {
    uid: EntityUid,
    enforced: Index,
    /// Permits apart from forbids: Cedar does not tell of a permit that a forbid overrules.
    shadow: Vec<Index>,
}

/// What is asked, apart from who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) resource: &'a str,
    pub(super) facts: &'a RequestFacts<'a>,
    pub(super) now: i64,
}

/// The policies that matched, before they are weighed against each other; each list sorted by id.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) permits: BTreeMap<Arc<str>, Arc<Obligations>>,
    pub(super) forbids: BTreeMap<Arc<str>, Arc<Obligations>>,
    pub(super) errors: Vec<PolicyError>,
}

/// Why a question could not be put.
#[derive(Debug)]
pub(super) struct Refusal {
    cause: Cause,
    message: Option<String>,
}

impl Snapshot {
    pub(super) fn new(
        loaded: &[Loaded],
        resources: &[String],
        schema: &Schema,
        generation: u64,
        content_hash: String,
    ) -> Result<Self, String> {
        let actions = Actions::of(schema)?;
        let resources = resources
            .iter()
            .map(|id| Ok((id.clone(), Resource::new(id, loaded, &actions)?)))
            .collect::<Result<_, Box<PolicySetError>>>()
            .map_err(|error| error.to_string())?;
        let obligations = loaded.iter().map(|l| (Arc::clone(&l.obligations.id), Arc::clone(&l.obligations))).collect();
        Ok(Self { authorizer: Authorizer::new(), actions, resources, obligations, generation, content_hash })
    }

    /// Whether this subject may have what is asked of this resource.
    pub fn decide(&self, resource: &str, subject: &Subject, facts: &RequestFacts<'_>, now: i64) -> Decision {
        let question = Question { resource, facts, now };
        match self.weigh(question, subject) {
            Ok((verdict, shadow)) => self.answer(question, subject, verdict, shadow),
            Err(Refusal { cause, message }) => Decision {
                outcome: Outcome::Deny(Denial::plain(cause)),
                policies: Vec::new(),
                errors: message.map(|message| PolicyError { policy: "".into(), message }).into_iter().collect(),
                generation: self.generation,
                shadow: Vec::new(),
            },
        }
    }

    /// The scopes an auth token needs for this to be permitted; none if no scope would.
    pub fn scopes_wanted(&self, resource: &str, subject: &Subject, facts: &RequestFacts<'_>, now: i64) -> Vec<String> {
        let question = Question { resource, facts, now };
        consent::wanted(self, question, subject).into_iter().flatten().map(|scope| scope.to_string()).collect()
    }

    /// The number of this set, counted from one.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// SHA-256 over every file, in hexadecimal.
    pub fn content_hash(&self) -> &str {
        &self.content_hash
    }

    /// How many policies there are.
    pub fn policy_count(&self) -> usize {
        self.obligations.len()
    }

    pub(super) fn actions(&self) -> &Actions {
        &self.actions
    }

    /// What the enforced policies say, and what those in shadow would.
    pub(super) fn weigh(&self, question: Question<'_>, subject: &Subject) -> Result<(Verdict, Verdict), Refusal> {
        let asked = self.read(question, subject)?;
        let enforced = asked.select(&asked.resource.enforced);
        let shadow = asked.resource.shadow.iter().flat_map(|index| asked.select(index)).collect::<Vec<_>>();
        let mut mentions = Mentions::default();
        for slice in enforced.iter().chain(&shadow) {
            mentions |= slice.mentions;
        }
        let (request, entities) = asked.build(question, mentions)?;
        Ok((self.evaluate(&enforced, &request, &entities), self.evaluate(&shadow, &request, &entities)))
    }

    /// Whether the whole of this question, with nothing left out, is what the schema declares.
    pub(super) fn conforms(&self, question: Question<'_>, subject: &Subject, schema: &Schema) -> Result<(), String> {
        let Ok(asked) = self.read(question, subject) else {
            return Ok(());
        };
        let (request, entities) =
            asked.build(question, Mentions::EVERYTHING).map_err(|refusal| refusal.message.unwrap_or_default())?;
        Entities::from_entities(entities.iter().cloned(), Some(schema)).map_err(|error| error.to_string())?;
        let context = request.context().cloned().ok_or("the context is unknown")?;
        let path = asked.lineage.first().cloned().ok_or("the path has no entity")?;
        Request::new(asked.subject.uid.clone(), asked.action.uid.clone(), path, context, Some(schema))
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// The `@scope`s of the permits that might match, fewest scopes first.
    pub(super) fn wishes(&self, question: Question<'_>, subject: &Subject) -> Vec<consent::Scopes> {
        let Ok(asked) = self.read(question, subject) else {
            return Vec::new();
        };
        let slices = asked.select(&asked.resource.enforced);
        let mut wishes: Vec<_> = slices.iter().flat_map(|slice| slice.wishes.iter().cloned()).collect();
        wishes.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        wishes.dedup();
        wishes
    }

    fn read<'a>(&'a self, question: Question<'_>, subject: &'a Subject) -> Result<Asked<'a>, Refusal> {
        let not_in_schema = || Refusal { cause: Cause::NotInSchema, message: None };
        let subject = subject
            .prepared()
            .map_err(|message| Refusal { cause: Cause::EvaluationError, message: Some(message.to_owned()) })?;
        let resource = self.resources.get(question.resource).ok_or_else(not_in_schema)?;
        let action = self.actions.of_method(question.facts.method).ok_or_else(not_in_schema)?;
        if !action.admits(subject.kind) {
            return Err(not_in_schema());
        }
        let path = path::canonical(question.facts.path)
            .map_err(|why| Refusal { cause: Cause::Unreadable, message: Some(why.to_owned()) })?;
        let lineage = path::prefixes(&path)
            .map(|prefix| uid(&names().path, prefix))
            .chain(std::iter::once(resource.uid.clone()))
            .collect();
        Ok(Asked { resource, action, subject, path, lineage })
    }

    fn evaluate(&self, slices: &[&Slice], request: &Request, entities: &Entities) -> Verdict {
        let mut verdict = Verdict::default();
        for slice in slices {
            let response = self.authorizer.is_authorized(request, &slice.policies, entities);
            self.collect(&response, &mut verdict);
        }
        verdict
    }

    /// Slices answer one by one: what matched is gathered, and weighed only when all have answered.
    fn collect(&self, response: &Response, verdict: &mut Verdict) {
        for id in response.diagnostics().reason() {
            if let Some(found) = self.obligations.get(AsRef::<str>::as_ref(id)) {
                let list = match found.effect {
                    Effect::Permit => &mut verdict.permits,
                    Effect::Forbid => &mut verdict.forbids,
                };
                list.insert(Arc::clone(&found.id), Arc::clone(found));
            }
        }
        for cedar_policy::AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors() {
            let id: &str = error.policy_id().as_ref();
            verdict.errors.push(PolicyError { policy: id.into(), message: error.inner().to_string() });
        }
    }

    fn answer(&self, question: Question<'_>, subject: &Subject, verdict: Verdict, shadow: Verdict) -> Decision {
        let Verdict { permits, forbids, errors } = verdict;
        let (outcome, policies) = if !errors.is_empty() {
            // Cedar passes over a policy that fails, a forbid too. Here nothing is passed over.
            let failed = errors.iter().map(|error| Arc::clone(&error.policy)).collect();
            (Outcome::Deny(Denial::plain(Cause::EvaluationError)), failed)
        } else if !forbids.is_empty() {
            let policies = forbids.keys().cloned().collect();
            (Outcome::Deny(self.forbidden(question, subject, &forbids)), policies)
        } else if permits.is_empty() {
            (Outcome::Deny(self.nothing_permits(question, subject)), Vec::new())
        } else {
            let policies = permits.keys().cloned().collect();
            (permitted(&permits), policies)
        };
        Decision { outcome, policies, errors, generation: self.generation, shadow: shadow_verdicts(shadow, self) }
    }

    fn forbidden(
        &self,
        question: Question<'_>,
        subject: &Subject,
        forbids: &BTreeMap<Arc<str>, Arc<Obligations>>,
    ) -> Denial {
        // A forbid without a way out stands whatever the caller brings: asking for a token would ask in vain.
        let challenge = if forbids.values().all(|forbid| forbid.require.is_some()) {
            consent::ask(self, question, subject, forbids.values())
        } else {
            None
        };
        // 404 says least, so it wins; 429 says more than 403.
        let rank = |status: u16| match status {
            404 => 2,
            429 => 1,
            _ => 0,
        };
        let status = forbids.values().filter_map(|f| f.status).max_by_key(|status| rank(*status)).unwrap_or(403);
        let speaks = |forbid: &&Arc<Obligations>| challenge.is_some() || forbid.status.unwrap_or(403) == status;
        // Where the status hides something, so must the reason: only those who gave the status speak.
        let reason = forbids.values().filter(speaks).find_map(|forbid| forbid.reason.clone());
        Denial { cause: Cause::Forbidden, reason, status, challenge }
    }

    fn nothing_permits(&self, question: Question<'_>, subject: &Subject) -> Denial {
        let challenge = consent::wanted(self, question, subject).map(|scopes| Ask {
            require: super::annotations::Require::AuthToken,
            scopes: scopes.iter().map(ToString::to_string).collect(),
        });
        Denial { challenge, ..Denial::plain(Cause::NothingPermits) }
    }
}

impl Resource {
    fn new(id: &str, loaded: &[Loaded], actions: &Actions) -> Result<Self, Box<PolicySetError>> {
        let own = uid(&names().resource, id);
        let ours = loaded.iter().filter(|l| match &l.home {
            Home::All => true,
            Home::Resource(home) => home == id,
        });
        let (shadow, enforced): (Vec<&Loaded>, Vec<&Loaded>) = ours.partition(|l| l.obligations.shadow);
        let (permits, forbids): (Vec<&Loaded>, Vec<&Loaded>) =
            shadow.into_iter().partition(|l| l.obligations.effect == Effect::Permit);
        let shadow = [permits, forbids].into_iter().filter(|policies| !policies.is_empty());
        let shadow = shadow.map(|policies| Index::new(&policies, &own, actions)).collect::<Result<_, _>>()?;
        Ok(Self { enforced: Index::new(&enforced, &own, actions)?, shadow, uid: own })
    }
}

/// A question that has been read.
struct Asked<'a> {
    resource: &'a Resource,
    action: &'a Action,
    subject: &'a Prepared,
    path: String,
    /// The path, its prefixes, and the resource.
    lineage: Vec<EntityUid>,
}

impl Asked<'_> {
    fn select<'s>(&'s self, index: &'s Index) -> Vec<&'s Slice> {
        index.select(self.action, self.subject.kind, self.subject.keys.iter().chain(&self.lineage))
    }

    fn build(&self, question: Question<'_>, mentions: Mentions) -> Result<(Request, Entities), Refusal> {
        let failed = |message: String| Refusal { cause: Cause::EvaluationError, message: Some(message) };
        let built = context::build(question.facts, &self.path, &self.subject.token, question.now, mentions)
            .map_err(|message| Refusal { cause: Cause::Unreadable, message: Some(message) })?;
        let path = self.lineage.first().ok_or_else(|| failed("the path has no entity".to_owned()))?;
        // All ancestors are given as parents, so none of them needs an entity of its own.
        let parents = self.lineage.iter().skip(1).cloned().collect();
        let entities =
            built.entities.into_iter().chain([Entity::new_no_attrs(path.clone(), parents), self.action.entity.clone()]);
        let entities =
            self.subject.entities.clone().add_entities(entities, None).map_err(|error| failed(error.to_string()))?;
        // Everything here was built to the schema, which the trial of each load proves; validating it again would
        // cost more than deciding.
        let request =
            Request::new(self.subject.uid.clone(), self.action.uid.clone(), path.clone(), built.context, None)
                .map_err(|error| failed(error.to_string()))?;
        Ok((request, entities))
    }
}

/// Headers and metadata of the permits that matched. Where two give one name different values, the first id wins.
fn permitted(permits: &BTreeMap<Arc<str>, Arc<Obligations>>) -> Outcome {
    let mut headers = BTreeMap::new();
    let mut metadata = BTreeMap::new();
    for permit in permits.values() {
        for (name, value) in &permit.headers {
            headers.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(value));
        }
        for (name, value) in &permit.metadata {
            metadata.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(value));
        }
    }
    Outcome::Permit { headers: headers.into_iter().collect(), metadata: metadata.into_iter().collect() }
}

fn shadow_verdicts(verdict: Verdict, snapshot: &Snapshot) -> Vec<ShadowVerdict> {
    let Verdict { permits, forbids, errors } = verdict;
    let matched = forbids.into_values().chain(permits.into_values()).map(|found| ShadowVerdict {
        policy: Arc::clone(&found.id),
        effect: found.effect,
        error: None,
    });
    let failed = errors.into_iter().filter_map(|error| {
        let effect = snapshot.obligations.get(&error.policy)?.effect;
        Some(ShadowVerdict { policy: error.policy, effect, error: Some(error.message) })
    });
    matched.chain(failed).collect()
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
