//! All schemas as one text, for editors: they read a single file, in which a namespace may be opened once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::schema::CORE_SCHEMA;

/// One file with everything declared, ours first. Comments stay where they are.
pub fn merged_schema<'a>(extensions: impl IntoIterator<Item = &'a str>) -> String {
    let mut outside = String::new();
    let mut order: Vec<&str> = Vec::new();
    let mut bodies: BTreeMap<&str, String> = BTreeMap::new();
    for text in std::iter::once(CORE_SCHEMA).chain(extensions) {
        for piece in pieces(text) {
            match piece {
                Piece::Outside(text) => {
                    outside.push_str(text.trim_end());
                    outside.push('\n');
                }
                Piece::Namespace { before, name, body } => {
                    let whole = bodies.entry(name).or_insert_with(|| {
                        order.push(name);
                        String::new()
                    });
                    // What is said about the namespace goes into it.
                    let about = before.trim().lines().map(|line| format!("  {line}\n"));
                    whole.push('\n');
                    let gap = if before.trim().is_empty() { "" } else { "\n" };
                    whole.extend(about);
                    whole.push_str(gap);
                    whole.push_str(body.trim_matches('\n').trim_end());
                    whole.push('\n');
                }
            }
        }
    }
    let mut merged = String::new();
    if !outside.trim().is_empty() {
        merged.push_str(outside.trim());
        merged.push('\n');
    }
    for name in order {
        let body = bodies.get(name).map(|body| body.trim_start_matches('\n')).unwrap_or_default();
        let gap = if merged.is_empty() { "" } else { "\n" };
        let _ = writeln!(merged, "{gap}namespace {name} {{\n{body}}}");
    }
    merged
}

/// A part of a schema's text.
enum Piece<'a> {
    /// What is in no namespace.
    Outside(&'a str),
    /// A namespace, with the comments and annotations in front of it.
    Namespace { before: &'a str, name: &'a str, body: &'a str },
}

/// Takes a text apart at its namespaces. It is one that Cedar has read, so braces match.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(opening) = brace(text, from, b'{') {
        let head = text.get(from..opening).unwrap_or_default();
        let closing = closing(text, opening + 1).unwrap_or(text.len());
        let word = head.rfind("namespace ");
        let name = word.and_then(|at| head.get(at + "namespace ".len()..)).map(str::trim);
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
        match (word, name.filter(is_name)) {
            (Some(at), Some(name)) => {
                let before = head.get(..at).unwrap_or_default();
                // Declarations end before the namespace's own comments begin; so does the title of a file.
                let declared = code(before, 0).filter(|(_, byte)| *byte == b';').last().map_or(0, |(at, _)| at + 1);
                let own = before.get(declared..).unwrap_or_default();
                let own = own.rfind("\n\n").map_or(declared, |at| declared + at);
                let (title, before) = before.split_at_checked(own).unwrap_or((before, ""));
                if !title.trim().is_empty() {
                    pieces.push(Piece::Outside(title));
                }
                let body = text.get(opening + 1..closing).unwrap_or_default();
                pieces.push(Piece::Namespace { before, name, body });
            }
            _ => pieces.push(Piece::Outside(text.get(from..=closing).unwrap_or_default())),
        }
        from = closing + 1;
    }
    let rest = text.get(from..).unwrap_or_default();
    if !rest.trim().is_empty() {
        pieces.push(Piece::Outside(rest));
    }
    pieces
}

/// The brace that closes what was opened before `from`.
fn closing(text: &str, from: usize) -> Option<usize> {
    let mut open = 1;
    let mut at = from;
    loop {
        let (next, byte) = code(text, at).find(|(_, byte)| matches!(byte, b'{' | b'}'))?;
        open = if byte == b'{' { open + 1 } else { open - 1 };
        if open == 0 {
            return Some(next);
        }
        at = next + 1;
    }
}

fn brace(text: &str, from: usize, wanted: u8) -> Option<usize> {
    code(text, from).find(|(_, byte)| *byte == wanted).map(|(at, _)| at)
}

/// The bytes from a place on that are neither in a comment nor in a string.
fn code(text: &str, from: usize) -> impl Iterator<Item = (usize, u8)> {
    let (mut comment, mut string, mut escaped, mut before) = (false, false, false, b' ');
    text.bytes().enumerate().skip(from).filter(move |(_, byte)| {
        let was = (comment, string);
        match byte {
            b'\n' => comment = false,
            b'/' if before == b'/' && !string => comment = true,
            b'"' if !comment && !escaped => string = !string,
            _ => {}
        }
        escaped = string && *byte == b'\\' && !escaped;
        before = *byte;
        was == (false, false) && !comment && !string
    })
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Schema, SchemaFragment};

    use super::*;

    const MINE: &str = r#"// Mine { not a brace }

// More methods.
namespace HTTP {
  @doc("a } brace, a \" quote and // no comment")
  action "PROPFIND" in ["read"] appliesTo { principal: AAuth::Agent, resource: Path, context: Context };
}

entity Loose;
namespace Mine::Own { entity Thing in [AAuth::Resource]; }
"#;

    #[test]
    fn every_namespace_is_opened_once() {
        let merged = merged_schema([MINE]);
        assert_eq!(merged.matches("namespace HTTP {").count(), 1, "{merged}");
        assert!(merged.contains("// More methods.") && merged.contains("PROPFIND"));
        let (one, _) = Schema::from_cedarschema_str(&merged).unwrap_or_else(|error| panic!("{error}\n{merged}"));
        let fragments = [CORE_SCHEMA, MINE].map(|text| SchemaFragment::from_cedarschema_str(text).unwrap().0);
        let several = Schema::from_schema_fragments(fragments).unwrap();
        let names = |schema: &Schema| {
            let mut names: Vec<_> = schema.actions().map(ToString::to_string).collect();
            names.extend(schema.entity_types().map(ToString::to_string));
            names.sort();
            names
        };
        assert_eq!(names(&one), names(&several));
    }

    #[test]
    fn ours_alone_is_whole() {
        let merged = merged_schema([]);
        assert!(Schema::from_cedarschema_str(&merged).is_ok(), "{merged}");
        let comments = |text: &str| text.matches("//").count();
        assert_eq!(comments(&merged), comments(CORE_SCHEMA));
    }
}
