//! What a program adds to the terms of policies: a namespace of its own, and the inquiries it makes in it.
//!
//! The schema of the namespace is compiled into the program, as ours is: questions are built to it, so an edit of the
//! file could only seem to work.

use std::path::Path;

use super::catalogue::{Entry, PolicyInfo};
use super::error::LoadFault;
use super::inquiry::Inquiry;
use super::load::Loaded;
use super::source::{Home, Source};

/// The terms of a program other than the authorizer. Its default is the authorizer's own.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Its schemas, compiled in: the names under which they are shipped, and their texts.
    pub schemas: &'static [(&'static str, &'static str)],
    /// Whether policies may lie in the folder of policies itself, where no resource has a folder of its own.
    pub loose: bool,
    /// What is wrong with a policy in these terms, where Cedar finds nothing wrong: an annotation, say, that this
    /// program would pass over.
    pub objection: Option<fn(&PolicyInfo) -> Option<String>>,
    /// Inquiries of every sort. A set is taken only if they fit its schema and no policy fails on them.
    pub trials: Vec<Inquiry>,
}

impl Terms {
    /// These schemas with the author's beside them.
    pub(super) fn beside(&self, extensions: Vec<Source>) -> Result<Vec<Source>, Vec<LoadFault>> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let shipped = |source: &Source| {
            let name = name(&source.path)?;
            self.schemas.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
        };
        let edited: Vec<LoadFault> = extensions
            .iter()
            .filter(|source| shipped(source).is_some_and(|text| text != source.text))
            .map(|source| {
                LoadFault::whole(&source.path, "differs from the schema of this program")
                    .hint("restore it, and extend it by a file beside it")
            })
            .collect();
        if !edited.is_empty() {
            return Err(edited);
        }
        let own = self.schemas.iter().map(|(name, text)| Source::new(name.into(), Home::All, (*text).to_owned()));
        Ok(own.chain(extensions.into_iter().filter(|source| shipped(source).is_none())).collect())
    }

    /// Hears the program's objections.
    pub(super) fn hear(&self, loaded: &[Loaded], sources: &[Source]) -> Result<(), Vec<LoadFault>> {
        let Some(objection) = self.objection else { return Ok(()) };
        let faults: Vec<LoadFault> = loaded
            .iter()
            .filter_map(|policy| Some(policy.fault(sources, objection(&Entry::of(policy).info)?)))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
