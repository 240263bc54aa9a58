//! From the tools that an MCP server lists to a schema that types their arguments.
//!
//! Each tool gets an action `server/tool` in the group `tools/call`, whose context holds the arguments as `input`. What
//! Cedar has no type for (a value of several types, an object of any members) is left out, and a comment says so; it
//! is in `context.mcp.arguments` all the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use super::schema;
use super::source::{Home, Source};

/// The deepest type that is written.
const MAX_DEPTH: usize = 8;

/// The most types that are written of one tool.
const MOST_TYPES: usize = 1000;

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 100;

/// Words that are no names in a schema.
const RESERVED: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];

/// The schema of a server's tools: `listed` is what it answers to `tools/list`, or the list in it.
pub fn mcp_schema(server: &str, listed: &Value) -> Result<String, String> {
    let tools = listed.pointer("/result/tools").or_else(|| listed.get("tools")).unwrap_or(listed);
    let tools =
        tools.as_array().ok_or("there is no list of `tools`: this is not what a server answers to tools/list")?;
    let mut text = format!(
        "// The tools of the MCP server `{server}`, with their arguments typed: `context.input`.\n\
         // Made by `authorizer schema from-mcp` from the answer to tools/list.\n\
         namespace MCP {{\n"
    );
    let mut names = BTreeSet::new();
    for (at, tool) in tools.iter().enumerate() {
        let name = tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| format!("tool {at} has no `name`"))?;
        if !names.insert(name) {
            return Err(format!("the tool `{}` is listed twice", name.escape_debug()));
        }
        if at > 0 {
            text.push('\n');
        }
        action(&mut text, server, name, tool);
    }
    text.push_str("}\n");
    // Nothing is handed out that would not load.
    let source = Source::new(PathBuf::from("the schema"), Home::All, text);
    match schema::merge(std::slice::from_ref(&source)) {
        Ok(_) => Ok(source.text),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    }
}

fn action(text: &mut String, server: &str, name: &str, tool: &Value) {
    let described = tool.get("description").or_else(|| tool.get("title")).and_then(Value::as_str);
    if let Some(line) = described.and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty())) {
        let _ = writeln!(text, "  // {}", comment(line));
    }
    let empty = Value::Null;
    let input = tool.get("inputSchema").unwrap_or(&empty);
    let mut types = Types { root: input, left_out: Vec::new(), left: MOST_TYPES };
    let record = types.record(input, "", 3, MAX_DEPTH).unwrap_or_else(|| "{}".to_owned());
    for (what, why) in &types.left_out {
        let _ = writeln!(text, "  // `{}` is left out: {why}.", comment(what));
    }
    let id = format!("{server}/{name}");
    let _ = write!(
        text,
        "  action \"{}\" in [\"tools/call\"] appliesTo {{\n    \
           principal: [AAuth::Agent, AAuth::Person, AAuth::Key, AAuth::Anonymous],\n    \
           resource: Tool,\n    \
           context: {{\n      \
             token: AAuth::Token,\n      \
             request: HTTP::Request,\n      \
             now: datetime,\n      \
             mcp: Call,\n      \
             input: {record},\n    \
           }},\n  \
         }};\n",
        id.escape_debug()
    );
}

/// What is written of a server's words: one line, no longer than a comment should be.
fn comment(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_COMMENT).collect();
    plain.trim_end().to_owned()
}

/// JSON Schema's types as Cedar's.
struct Types<'a> {
    /// Where references lead.
    root: &'a Value,
    /// What there is no type for, and why.
    left_out: Vec<(String, &'static str)>,
    /// How many more types are written of this tool: references can be folded together without end.
    left: usize,
}

impl<'a> Types<'a> {
    /// An object with the members it names; none if it names none.
    fn record(&mut self, schema: &'a Value, at: &str, indent: usize, depth: usize) -> Option<String> {
        let properties = schema.get("properties")?.as_object()?;
        let required: BTreeSet<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = String::new();
        for (name, member) in properties {
            let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            match self.of(member, &place, indent + 1, depth) {
                Ok((typ, nullable)) => {
                    let optional = if required.contains(name.as_str()) && !nullable { "" } else { "?" };
                    let _ = writeln!(members, "{}{}{optional}: {typ},", "  ".repeat(indent + 1), attribute(name));
                }
                Err(why) => self.left_out.push((place, why)),
            }
        }
        if members.is_empty() {
            return Some("{}".to_owned());
        }
        Some(format!("{{\n{members}{}}}", "  ".repeat(indent)))
    }

    /// The type of a value, and whether it may be null.
    fn of(&mut self, schema: &'a Value, at: &str, indent: usize, depth: usize) -> Result<(String, bool), &'static str> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deep, or in itself")?;
        self.left = self.left.checked_sub(1).ok_or("the tool has too many arguments")?;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return self.of(target.ok_or("what it refers to is not here")?, at, indent, depth);
        }
        if let Some(choices) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return self.one_of(choices, at, indent, depth);
        }
        let (kind, nullable) = kind(schema)?;
        let typ = match kind {
            "string" => "String".to_owned(),
            "integer" => "Long".to_owned(),
            "number" => "decimal".to_owned(),
            "boolean" => "Bool".to_owned(),
            "array" => {
                let items = schema.get("items").ok_or("its items are of any type")?;
                let (element, nullable) = self.of(items, at, indent, depth)?;
                if nullable {
                    return Err("its items may be null");
                }
                format!("Set<{element}>")
            }
            "object" => self.record(schema, at, indent, depth).ok_or("its members are not named")?,
            _ => return Err("its type is not known"),
        };
        Ok((typ, nullable))
    }

    /// One type, or that or null; several types are no type.
    fn one_of(
        &mut self,
        choices: &'a [Value],
        at: &str,
        indent: usize,
        depth: usize,
    ) -> Result<(String, bool), &'static str> {
        let is_null = |choice: &&Value| choice.get("type").is_some_and(|kind| kind == "null");
        let mut others = choices.iter().filter(|choice| !is_null(choice));
        match (others.next(), others.next()) {
            (Some(only), None) => {
                let (typ, nullable) = self.of(only, at, indent, depth)?;
                Ok((typ, nullable || choices.len() > 1))
            }
            (_, _) => Err("it may be of several types"),
        }
    }
}

/// The word for a type, and whether null is one as well.
fn kind(schema: &Value) -> Result<(&str, bool), &'static str> {
    match schema.get("type") {
        Some(Value::String(kind)) => Ok((kind, false)),
        Some(Value::Array(kinds)) => {
            let mut others = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (others.next(), others.next()) {
                (Some(only), None) => Ok((only, kinds.len() > 1)),
                (_, _) => Err("it may be of several types"),
            }
        }
        Some(_) => Err("its type is not known"),
        None => {
            let values = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
            let values = values.or_else(|| schema.get("const").map(std::slice::from_ref)).unwrap_or_default();
            let text = !values.is_empty() && values.iter().all(Value::is_string);
            if text { Ok(("string", false)) } else { Err("it may be of any type") }
        }
    }
}

/// The name of an attribute, in quotes where it has to be.
fn attribute(name: &str) -> String {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let plain = starts && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') && !RESERVED.contains(&name);
    if plain && !name.starts_with("__cedar") { name.to_owned() } else { format!("\"{}\"", name.escape_debug()) }
}

#[cfg(test)]
mod tests;
