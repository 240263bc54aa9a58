//! One value of the file with the key it is under, for readers that learn its kind only when they see it.

use super::error::{Fault, Place};
use super::reader::{Parsed, Report, Section, kind};
use super::yaml::{Entry, Node, Value};

/// A value and its key.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    /// The key; empty for an item of a list.
    pub(crate) name: &'a str,
    report: &'a Report,
    place: Place,
    node: &'a Node,
}

impl<'a> Item<'a> {
    pub(super) fn new(report: &'a Report, parent: &Place, entry: &'a Entry) -> Self {
        Self { name: &entry.key, report, place: parent.key(&entry.key, entry.node.at), node: &entry.node }
    }

    /// Whether it is one value, and not a list or a mapping.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.node.value, Value::Scalar(_))
    }

    /// Whether it is a mapping.
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    /// The keys of the mapping that it is; none if it is no mapping.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> {
        let entries = match &self.node.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Scalar(_) | Value::List(_) => &[],
        };
        entries.iter().map(|entry| entry.key.as_str())
    }

    /// The value as a mapping.
    pub(crate) fn section(&self) -> Section<'a> {
        Section::of(self.report, self.place.clone(), Some(self.node))
    }

    /// The value as a single one.
    pub(crate) fn value<T>(&self, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        self.report.scalar(self.place.clone(), self.node, parse)
    }

    /// The value as one or a list of several; what is wrong is reported and left out.
    pub(crate) fn one_or_more<T>(&self, parse: impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        self.each().filter_map(|item| item.value(&parse)).collect()
    }

    /// The items of the list that it is; itself, if it is none.
    pub(crate) fn each(&self) -> impl Iterator<Item = Item<'a>> {
        let (report, place) = (self.report, self.place.clone());
        let items: Vec<Item<'a>> = match &self.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(n, node)| Item { name: "", report, place: place.item(n, node.at), node })
                .collect(),
            Value::Scalar(_) | Value::Mapping(_) => vec![Item { name: self.name, report, place, node: self.node }],
        };
        items.into_iter()
    }

    /// The value as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        self.node.to_json()
    }

    /// Reports a fault of the value.
    pub(crate) fn wrong(&self, fault: Fault) {
        self.report.mistake(self.place.clone(), fault);
    }

    /// Reports that it is of the wrong kind.
    pub(crate) fn expected(&self, what: &str) {
        self.wrong(Fault::new(format!("expected {what}, found {}", kind(self.node))));
    }
}
