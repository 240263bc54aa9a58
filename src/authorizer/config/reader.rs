//! Typed reading of a mapping that collects every mistake instead of stopping at the first.
//!
//! A [`Section`] is asked for its keys one by one. Whatever is in the file and was never asked for is an unknown key,
//! which the section reports when it goes out of scope: a key cannot be both forgotten here and accepted. What a
//! value means is told by the parser handed in; see [`super::values`].

use std::cell::RefCell;
use std::path::PathBuf;

use super::error::{Fault, Mistake, Place, Position, Warning, quotable};
use super::item::Item;
use super::yaml::{Entry, Node, Value};

/// What a parser makes of a value's text.
pub(crate) type Parsed<T> = Result<T, Fault>;

/// Collects what is to be said about one file.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    /// The configuration's folder, when the files it names are to be looked for.
    pub(crate) folder: Option<PathBuf>,
    mistakes: RefCell<Vec<Mistake>>,
    warnings: RefCell<Vec<Warning>>,
    /// Every key that was ever asked for, indices left out.
    #[cfg(test)]
    pub(crate) known: RefCell<std::collections::BTreeSet<String>>,
}

impl Report {
    pub(crate) fn new(file: &str, folder: Option<PathBuf>) -> Self {
        Self {
            file: file.to_owned(),
            folder,
            mistakes: RefCell::default(),
            warnings: RefCell::default(),
            #[cfg(test)]
            known: RefCell::default(),
        }
    }

    /// What messages call the file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn mistake(&self, place: Place, fault: Fault) {
        self.mistakes.borrow_mut().push(Mistake { place, fault });
    }

    pub(crate) fn warn(&self, place: Place, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Warning { file: self.file.clone(), place, message: message.into() });
    }

    pub(crate) fn into_parts(self) -> (Vec<Mistake>, Vec<Warning>) {
        (self.mistakes.into_inner(), self.warnings.into_inner())
    }

    pub(super) fn scalar<T>(&self, place: Place, node: &Node, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let Value::Scalar(scalar) = &node.value else {
            self.mistake(place, Fault::new(format!("expected one value, found {}", kind(node))));
            return None;
        };
        if scalar.is_null() {
            self.mistake(place, no_value());
            return None;
        }
        parse(&scalar.text).map_err(|fault| self.mistake(place, fault)).ok()
    }
}

/// A mapping of the file, or the empty one that stands for an absent mapping.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) report: &'a Report,
    place: Place,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The section that is the whole file.
    pub(crate) fn root(report: &'a Report, node: Option<&'a Node>) -> Self {
        Self::of(report, Place::file(), node)
    }

    pub(super) fn of(report: &'a Report, place: Place, node: Option<&'a Node>) -> Self {
        let entries = match node.map(|n| (&n.value, n)) {
            None => &[][..],
            Some((Value::Mapping(entries), _)) => entries,
            Some((Value::Scalar(_) | Value::List(_), node)) => {
                report.mistake(place.clone(), Fault::new(format!("expected a mapping, found {}", kind(node))));
                &[]
            }
        };
        report_doubled(report, &place, entries);
        Self { report, place, entries, asked: RefCell::default() }
    }

    /// The section at `key`; empty when absent.
    pub(crate) fn section(&self, key: &'static str) -> Section<'a> {
        self.optional_section(key).unwrap_or_else(|| Section::of(self.report, self.place_of(key), None))
    }

    /// The section at `key`, where there is one.
    pub(crate) fn optional_section(&self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.find(key)?;
        Some(Section::of(self.report, self.place.key(key, entry.node.at), Some(&entry.node)))
    }

    /// The list of sections at `key`.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let sections = self.items(key).map(|(place, node)| Section::of(self.report, place, Some(node)));
        sections.collect()
    }

    /// The value at `key`: `None` when it is absent, and when it is wrong and has been reported.
    pub(crate) fn value<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let entry = self.find(key)?;
        self.report.scalar(self.place.key(key, entry.node.at), &entry.node, parse)
    }

    /// The value at `key`, which must be there.
    pub(crate) fn required<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        if !self.has(key) {
            self.wrong(key, Fault::new("is required"));
        }
        self.value(key, parse)
    }

    /// Overwrites a default with the value at `key`.
    pub(crate) fn set<T>(&self, key: &'static str, target: &mut T, parse: impl Fn(&str) -> Parsed<T>) {
        if let Some(value) = self.value(key, parse) {
            *target = value;
        }
    }

    /// The list of values at `key`; items that are wrong are reported and left out.
    pub(crate) fn list<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        let values = self.items(key).filter_map(|(place, node)| self.report.scalar(place, node, &parse));
        values.collect()
    }

    /// The mapping from names to values at `key`.
    pub(crate) fn map<K, T>(
        &self,
        key: &'static str,
        parse_key: impl Fn(&str) -> Parsed<K>,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Vec<(K, T)> {
        let Some(inner) = self.optional_section(key) else { return Vec::new() };
        let mut values = Vec::new();
        for entry in inner.entries {
            let name = parse_key(&entry.key);
            let name = name.map_err(|fault| inner.report.mistake(inner.place.key(&entry.key, entry.at), fault)).ok();
            let value = inner.report.scalar(inner.place.key(&entry.key, entry.node.at), &entry.node, &parse);
            values.extend(name.zip(value));
        }
        inner.accept_any_key();
        values
    }

    /// The value at `key`, of whatever kind.
    pub(crate) fn item(&self, key: &'static str) -> Option<Item<'a>> {
        let entry = self.find(key)?;
        Some(Item::new(self.report, &self.place, entry))
    }

    /// Each entry, where the keys are names of the author's choosing.
    pub(crate) fn members(self) -> Vec<Item<'a>> {
        let members = self.entries.iter().map(|entry| Item::new(self.report, &self.place, entry)).collect();
        self.accept_any_key();
        members
    }

    /// Where it starts.
    pub(crate) fn at(&self) -> Option<Position> {
        self.place.at
    }

    /// Accepts `key` whatever its value, and says that it does nothing.
    pub(crate) fn ignored(&self, key: &'static str, why: &str) {
        if let Some(entry) = self.find(key) {
            self.report.warn(self.place.key(key, entry.at), format!("has no effect: {why}"));
        }
    }

    /// Whether the file holds `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// Whether the file holds an empty list at `key`.
    pub(crate) fn has_empty_list(&self, key: &str) -> bool {
        let found = self.entries.iter().find(|e| e.key == key);
        found.is_some_and(|e| matches!(&e.node.value, Value::List(items) if items.is_empty()))
    }

    /// Reports a fault of the value at `key`, or of this section for want of that key.
    pub(crate) fn wrong(&self, key: &str, fault: Fault) {
        self.report.mistake(self.place_of(key), fault);
    }

    /// Reports a fault of one item of the list at `key`.
    pub(crate) fn wrong_item(&self, key: &str, index: usize, fault: Fault) {
        let list = self.entries.iter().find(|e| e.key == key).map(|e| &e.node.value);
        let place = match list {
            Some(Value::List(items)) => items.get(index).map(|node| self.place_of(key).item(index, node.at)),
            Some(Value::Scalar(_) | Value::Mapping(_)) | None => None,
        };
        self.report.mistake(place.unwrap_or_else(|| self.place_of(key)), fault);
    }

    /// Warns about the value at `key`, or about this section for want of that key.
    pub(crate) fn warn(&self, key: &str, message: impl Into<String>) {
        self.report.warn(self.place_of(key), message);
    }

    fn place_of(&self, key: &str) -> Place {
        let at = self.entries.iter().find(|e| e.key == key).map(|e| e.node.at).or(self.place.at);
        self.place.key(key, at)
    }

    fn find(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        #[cfg(test)]
        self.report.known.borrow_mut().insert(without_indices(&self.place_of(key).path));
        self.entries.iter().find(|e| e.key == key)
    }

    fn items(&self, key: &'static str) -> impl Iterator<Item = (Place, &'a Node)> {
        let found = self.find(key).map(|entry| (self.place.key(key, entry.node.at), &entry.node));
        let items = match found {
            None => None,
            Some((place, Node { value: Value::List(items), .. })) => Some((place, items)),
            Some((place, node)) => {
                let null = matches!(&node.value, Value::Scalar(scalar) if scalar.is_null());
                let fault = Fault::new(format!("expected a list, found {}", kind(node)));
                self.report.mistake(place, if null { no_value() } else { fault });
                None
            }
        };
        items
            .into_iter()
            .flat_map(|(place, items)| items.iter().enumerate().map(move |(n, node)| (place.item(n, node.at), node)))
    }

    fn accept_any_key(mut self) {
        self.entries = &[];
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for entry in self.entries.iter().filter(|e| !asked.contains(&e.key.as_str())) {
            let mut fault = Fault::new("unknown key");
            if let Some(near) = nearest(&entry.key, asked.iter().copied()) {
                fault = fault.hint(format!("did you mean `{near}`?"));
            }
            self.report.mistake(self.place.key(&entry.key, entry.at), fault);
        }
    }
}

/// The word that was probably meant.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let scored = words.map(|w| (strsim::jaro_winkler(word, w), w)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, w)| w)
}

fn report_doubled(report: &Report, place: &Place, entries: &[Entry]) {
    let mut seen = std::collections::BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.insert(entry.key.as_str(), entry.at) {
            let fault = Fault::new(format!("`{}` is already given on line {}", quotable(&entry.key), first.line));
            report.mistake(place.key(&entry.key, entry.at), fault);
        }
    }
}

fn no_value() -> Fault {
    Fault::new("has no value").hint("leave the key out to get the default")
}

pub(super) fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => "nothing",
        Value::Scalar(_) => "a single value",
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
    }
}

#[cfg(test)]
fn without_indices(path: &str) -> String {
    path.split('[').map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect::<Vec<_>>().join("[")
}
