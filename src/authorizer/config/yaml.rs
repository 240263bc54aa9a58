//! YAML to a tree in which every node knows its line and column. Names no key of the configuration.
//!
//! The tree is bounded in bytes, in depth and in nodes, so that neither nesting nor aliases can exhaust the process.
//! Doubled keys are kept, since only the reader can say at which path they are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::error::{Fault, Mistake, Place, Position};

/// The largest configuration file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;

/// A value and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A leaf, as written: whether it is a number or a word is for the key to say.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Written without quotes, so that `~` and nothing at all mean "no value".
    plain: bool,
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) node: Node,
}

impl Scalar {
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Node {
    /// The value as JSON has it: a word without quotes that is a number, a truth value or nothing is read as one.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => serde_json::Value::Null,
            Value::Scalar(scalar) => match (scalar.plain, scalar.text.as_str()) {
                (true, "true") => true.into(),
                (true, "false") => false.into(),
                (true, text) => number(text).map_or_else(|| text.into(), serde_json::Value::Number),
                (false, text) => text.into(),
            },
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(entries) => {
                let members = entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                serde_json::Value::Object(members.collect())
            }
        }
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    // Words that Rust takes for numbers, `nan` and `inf`, are none in JSON.
    serde_json::Number::from_f64(text.parse().ok()?)
}

/// Reads the one document of a file; `None` for a file that holds none.
pub(crate) fn read(text: &str) -> Result<Option<Node>, Mistake> {
    if text.len() > MAX_BYTES {
        return Err(Mistake { place: Place::file(), fault: Fault::new("the file is larger than 1 MiB") });
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|e| mistake(position(*e.marker()), Fault::new(format!("not valid YAML: {}", e.info()))))?;
        let at = position(span.start);
        builder.take(event, at).map_err(|fault| mistake(at, fault))?;
    }
    Ok(builder.root)
}

fn mistake(at: Position, fault: Fault) -> Mistake {
    Mistake { place: Place { path: String::new(), at: Some(at) }, fault }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}

/// A list or mapping whose end has not been seen.
#[derive(Debug)]
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value is awaited, in a mapping.
    key: Option<(String, Position)>,
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 { Err(Fault::new("the file holds more than one document")) } else { Ok(()) }
            }
            Event::Alias(id) => {
                // An anchor that is still open is not in the map: no node can hold itself.
                let node = self.anchors.get(&id).cloned().ok_or_else(|| Fault::new("the alias has no anchor"))?;
                self.place(Node { at, ..node }, 0)
            }
            Event::Scalar(text, style, anchor, tag) => {
                untagged(tag.as_ref())?;
                let scalar = Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.place(Node { at, value: Value::Scalar(scalar) }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag.as_ref())?;
                self.start(Node { at, value: Value::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag.as_ref())?;
                self.start(Node { at, value: Value::Mapping(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.place(done.node, done.anchor),
                None => Ok(()),
            },
        }
    }

    fn start(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::new(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        // Aliases are copied, and are counted as what they expand to.
        self.nodes += size(&node);
        if self.nodes > MAX_NODES {
            return Err(Fault::new(format!("more than {MAX_NODES} values, aliases expanded")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Value::List(items) => items.push(node),
            Value::Mapping(entries) => match (parent.key.take(), node) {
                (Some((key, at)), node) => entries.push(Entry { key, at, node }),
                (None, Node { at, value: Value::Scalar(scalar) }) => parent.key = Some((scalar.text, at)),
                (None, Node { value: Value::List(_) | Value::Mapping(_), .. }) => {
                    return Err(Fault::new("a key must be a word"));
                }
            },
            // INVARIANT: only lists and mappings are ever opened.
            Value::Scalar(_) => {}
        }
        Ok(())
    }
}

fn untagged<T>(tag: Option<&Cow<'_, T>>) -> Result<(), Fault>
where
    T: ToOwned,
{
    if tag.is_some() { Err(Fault::new("YAML tags are not supported")) } else { Ok(()) }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(entries) => 1 + entries.iter().map(|e| size(&e.node)).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        read(text).unwrap_err().fault.message
    }

    #[test]
    fn positions_count_from_one_and_in_characters() {
        let root = read("é: [x,\n  ü, y]").unwrap().unwrap();
        let Value::Mapping(entries) = root.value else { panic!("a mapping") };
        assert_eq!((entries[0].at.line, entries[0].at.column), (1, 1));
        let Value::List(items) = &entries[0].node.value else { panic!("a list") };
        assert_eq!((items[1].at.line, items[1].at.column), (2, 3));
        assert_eq!((items[2].at.line, items[2].at.column), (2, 6));
    }

    #[test]
    fn nothing_is_a_document_with_nothing() {
        assert!(read("").unwrap().is_none());
        assert!(read("# only words\n").unwrap().is_none());
    }

    #[test]
    fn depth_is_bounded_in_both_styles() {
        assert!(fault(&"[".repeat(40)).contains("nested deeper"));
        assert!(fault(&"- ".repeat(100_000)).contains("nested deeper"));
    }

    #[test]
    fn aliases_are_bounded() {
        let level = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
        let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned() + &(1..12).map(level).collect::<String>();
        assert!(fault(&bomb).contains("aliases expanded"));
        assert_eq!(fault("a: &a [*a]"), "the alias has no anchor");
        assert!(read("a: &a [x]\nb: *a").is_ok());
    }

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        assert_eq!(fault("a: 1\n---\nb: 2"), "the file holds more than one document");
        assert_eq!(fault("a: !secret x"), "YAML tags are not supported");
        assert_eq!(fault("? [a]\n: b"), "a key must be a word");
        assert!(fault("a: [1, 2").starts_with("not valid YAML"));
        assert_eq!(fault(&"#".repeat(MAX_BYTES + 1)), "the file is larger than 1 MiB");
    }
}
