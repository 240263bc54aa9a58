//! A set of policies that was taken, and the asking of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use cedar_policy::{
    AuthorizationError, Authorizer, Entities, EntityUid, PolicySet, PolicySetError, Request, Response, Schema,
};

use super::annotations::Obligations;
use super::answer;
use super::catalogue::Entry;
use super::consent;
use super::decision::{Decision, Effect, PolicyError};
use super::index::{Index, Slice};
use super::inquiry::Inquiry;
use super::load::Loaded;
use super::mentions::Mentions;
use super::names::{names, uid};
use super::question::{Asked, Question, Refusal};
use super::request::RequestFacts;
use super::schema::{Actions, Merged};
use super::source::Home;
use super::subject::Subject;

/// A set of policies that was parsed, validated and tried. Never changes; a reload makes another.
#[derive(Debug)]
pub struct Snapshot {
    authorizer: Authorizer,
    schema: Arc<Schema>,
    actions: Arc<Actions>,
    resources: HashMap<String, Arc<Resource>>,
    obligations: HashMap<Arc<str>, Arc<Obligations>>,
    catalogue: Vec<Entry>,
    generation: u64,
    content_hash: String,
}

/// The policies of one resource. Those in shadow are kept apart, so that no verdict of theirs has to be left out.
#[derive(Debug)]
struct Resource {
    uid: EntityUid,
    enforced: Vec<Index>,
    /// Permits apart from forbids: Cedar does not tell of a permit that a forbid overrules.
    shadow: Vec<Index>,
    /// The enforced ones in one set, made when somebody first asks in Cedar's own terms.
    whole: OnceLock<PolicySet>,
}

/// The policies that matched, before they are weighed against each other; each list sorted by id.
///
/// Where a forbid matched, some of the permits may be missing.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) permits: BTreeMap<Arc<str>, Arc<Obligations>>,
    pub(super) forbids: BTreeMap<Arc<str>, Arc<Obligations>>,
    pub(super) errors: Vec<PolicyError>,
}

impl Verdict {
    /// Whether the request may pass.
    pub(super) fn permits(&self) -> bool {
        self.errors.is_empty() && self.forbids.is_empty() && !self.permits.is_empty()
    }
}

impl Snapshot {
    pub(super) fn new(
        loaded: &[Loaded],
        resources: &[String],
        merged: &Merged,
        generation: u64,
        content_hash: String,
    ) -> Result<Self, String> {
        let actions = Arc::new(Actions::of(merged)?);
        let policies: Vec<&Loaded> = loaded.iter().collect();
        let resources = resources
            .iter()
            .map(|id| Ok((id.clone(), Arc::new(Resource::new(id, &policies, &actions)?))))
            .collect::<Result<_, Box<PolicySetError>>>()
            .map_err(|error| error.to_string())?;
        let obligations = loaded.iter().map(|l| (Arc::clone(&l.obligations.id), Arc::clone(&l.obligations))).collect();
        let schema = Arc::new(merged.schema.clone());
        let catalogue = loaded.iter().map(Entry::of).collect();
        Ok(Self {
            authorizer: Authorizer::new(),
            schema,
            actions,
            resources,
            obligations,
            catalogue,
            generation,
            content_hash,
        })
    }

    /// This set with these policies in the place of its own, at the resources that `home` reaches. They are neither
    /// validated nor tried.
    pub(super) fn with(&self, policies: &[&Loaded], home: &Home) -> Result<Self, String> {
        let mut resources = self.resources.clone();
        for (id, resource) in resources.iter_mut().filter(|(id, _)| home.reaches(id)) {
            let changed = Resource::new(id, policies, &self.actions).map_err(|error| error.to_string())?;
            *resource = Arc::new(changed);
        }
        Ok(Self {
            authorizer: self.authorizer.clone(),
            schema: Arc::clone(&self.schema),
            actions: Arc::clone(&self.actions),
            resources,
            obligations: self.obligations.clone(),
            // That is for explaining, and a mutant is only asked.
            catalogue: Vec::new(),
            generation: self.generation,
            content_hash: self.content_hash.clone(),
        })
    }

    /// Whether this subject may have what is asked of this resource.
    pub fn decide(&self, resource: &str, subject: &Subject, facts: &RequestFacts<'_>, now: i64) -> Decision {
        let question = Question { resource, facts, now };
        match self.weigh(question, subject) {
            Ok(verdict) => {
                let decision = answer::answer(self, question, subject, verdict);
                Decision { shadow: answer::shadowed(self, self.weigh_shadow(question, subject)), ..decision }
            }
            Err(refusal) => answer::refused(self, refusal),
        }
    }

    /// The decisions about several questions of one request, by one set of policies, up to the first that no consent
    /// could change.
    pub fn decide_each<'f>(
        &self,
        resource: &str,
        subject: &Subject,
        asked: impl IntoIterator<Item = RequestFacts<'f>>,
        now: i64,
    ) -> Vec<Decision> {
        let mut decisions = Vec::with_capacity(1);
        for facts in asked {
            let decision = self.decide(resource, subject, &facts, now);
            let stands = !decision.is_permit() && !decision.asks_for_consent();
            decisions.push(decision);
            if stands {
                break;
            }
        }
        decisions
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

    /// The policies as they are written, in the order of their files.
    pub(super) fn catalogue(&self) -> &[Entry] {
        &self.catalogue
    }

    /// Every scope that a policy names.
    pub fn scopes(&self) -> BTreeSet<Arc<str>> {
        self.obligations.values().flat_map(|found| found.scopes.iter().cloned()).collect()
    }

    /// The schema that the policies were validated against.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the policies of some resources say to a request in Cedar's own terms, none of them left out.
    pub(super) fn weigh_whole(&self, of: impl Fn(&str) -> bool, request: &Request, entities: &Entities) -> Verdict {
        let mut verdict = Verdict::default();
        for (_, resource) in self.resources.iter().filter(|(id, _)| of(id)) {
            self.gather(&self.authorizer.is_authorized(request, resource.whole(), entities), &mut verdict);
        }
        verdict.errors.sort_by(|a, b| a.policy.cmp(&b.policy));
        verdict.errors.dedup();
        verdict
    }

    /// What the policies in force say.
    pub(super) fn weigh(&self, question: Question<'_>, subject: &Subject) -> Result<Verdict, Refusal> {
        let resource = self.resource(question)?;
        self.ask(&self.read(question, subject)?, &resource.enforced)
    }

    /// What the policies in shadow would say. One of them reading what cannot be read is nobody's refusal.
    pub(super) fn weigh_shadow(&self, question: Question<'_>, subject: &Subject) -> Verdict {
        match self.resource(question) {
            Ok(resource) if !resource.shadow.is_empty() => {
                self.read(question, subject).and_then(|asked| self.ask(&asked, &resource.shadow)).unwrap_or_default()
            }
            Ok(_) | Err(_) => Verdict::default(),
        }
    }

    /// What the policies in force say to an inquiry, and what those in shadow would.
    pub(super) fn weigh_inquiry(&self, resource: &str, inquiry: &Inquiry) -> Result<(Verdict, Verdict), String> {
        let resource = self.resources.get(resource).ok_or_else(|| format!("there are no policies of `{resource}`"))?;
        let action =
            self.actions.other(inquiry.action.uid()).ok_or_else(|| format!("`{}` is no action", inquiry.action))?;
        let kind = inquiry.principal.principal_kind().filter(|kind| action.admits(*kind));
        let kind = kind.ok_or_else(|| format!("`{}` is not for this caller", inquiry.action))?;
        let (principal, asked_of) = (inquiry.principal.lineage(), inquiry.resource.lineage());
        let [enforced, shadow] = [&resource.enforced, &resource.shadow].map(|indexes| {
            let slices = indexes.iter().flat_map(|index| index.select(action, kind, &principal, &asked_of));
            slices.collect::<Vec<&Slice>>()
        });
        let mentions = mentions(enforced.iter().chain(&shadow));
        let (request, entities) = inquiry.build(action, mentions)?;
        Ok((self.evaluate(&enforced, &request, &entities), self.evaluate(&shadow, &request, &entities)))
    }

    /// The `@scope`s of the permits that might match, fewest scopes first.
    pub(super) fn wishes(&self, question: Question<'_>, subject: &Subject) -> Vec<consent::Scopes> {
        let (Ok(asked), Ok(resource)) = (self.read(question, subject), self.resource(question)) else {
            return Vec::new();
        };
        let slices = resource.enforced.iter().flat_map(|index| asked.select(index));
        let mut wishes: Vec<_> = slices.flat_map(|slice| slice.wishes.iter().cloned()).collect();
        wishes.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        wishes.dedup();
        wishes
    }

    /// Puts a question in Cedar's terms.
    pub(super) fn read<'a>(&'a self, question: Question<'a>, subject: &'a Subject) -> Result<Asked<'a>, Refusal> {
        Asked::read(question, subject, &self.resource(question)?.uid, &self.actions)
    }

    pub(super) fn obligations(&self, policy: &str) -> Option<&Arc<Obligations>> {
        self.obligations.get(policy)
    }

    pub(super) fn actions(&self) -> &Actions {
        &self.actions
    }

    fn resource(&self, question: Question<'_>) -> Result<&Resource, Refusal> {
        self.resources.get(question.resource).map(AsRef::as_ref).ok_or_else(Refusal::not_in_schema)
    }

    fn ask(&self, asked: &Asked<'_>, indexes: &[Index]) -> Result<Verdict, Refusal> {
        let slices: Vec<&Slice> = indexes.iter().flat_map(|index| asked.select(index)).collect();
        let (request, entities) = asked.build(mentions(&slices))?;
        Ok(self.evaluate(&slices, &request, &entities))
    }

    /// Slices answer one by one: what matched is gathered, and weighed only when all have answered.
    fn evaluate(&self, slices: &[&Slice], request: &Request, entities: &Entities) -> Verdict {
        let mut verdict = Verdict::default();
        for slice in slices {
            self.gather(&self.authorizer.is_authorized(request, &slice.policies, entities), &mut verdict);
        }
        verdict
    }

    fn gather(&self, response: &Response, verdict: &mut Verdict) {
        for id in response.diagnostics().reason() {
            if let Some(found) = self.obligations(id.as_ref()) {
                let list = match found.effect {
                    Effect::Permit => &mut verdict.permits,
                    Effect::Forbid => &mut verdict.forbids,
                };
                list.insert(Arc::clone(&found.id), Arc::clone(found));
            }
        }
        for AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors() {
            let id: &str = error.policy_id().as_ref();
            verdict.errors.push(PolicyError { policy: id.into(), message: error.inner().to_string() });
        }
    }
}

/// What any of these policies reads.
fn mentions<'s>(slices: impl IntoIterator<Item = &'s &'s Slice>) -> Mentions {
    slices.into_iter().fold(Mentions::default(), |found, slice| found | slice.mentions)
}

impl Resource {
    fn new(id: &str, loaded: &[&Loaded], actions: &Actions) -> Result<Self, Box<PolicySetError>> {
        let own = uid(&names().resource, id);
        let ours = loaded.iter().copied().filter(|l| l.home.reaches(id));
        let (shadow, enforced): (Vec<&Loaded>, Vec<&Loaded>) = ours.partition(|l| l.obligations.shadow);
        let (permits, forbids): (Vec<&Loaded>, Vec<&Loaded>) =
            shadow.into_iter().partition(|l| l.obligations.effect == Effect::Permit);
        let indexes = |sets: &[Vec<&Loaded>]| {
            let sets = sets.iter().filter(|policies| !policies.is_empty());
            sets.map(|policies| Index::new(policies, &own, actions)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            enforced: indexes(&[enforced])?,
            shadow: indexes(&[permits, forbids])?,
            uid: own.clone(),
            whole: OnceLock::new(),
        })
    }

    fn whole(&self) -> &PolicySet {
        self.whole.get_or_init(|| {
            let mut whole = PolicySet::new();
            for policy in self.enforced.iter().flat_map(Index::policies) {
                // A policy is in several slices; once is enough.
                let _ = whole.add(policy.clone());
            }
            whole
        })
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
