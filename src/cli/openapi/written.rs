//! Operations as policies, laid out.

use std::fmt::Write as _;
use std::path::Path;

use super::route::Route;
use super::security::Access;
use super::{Api, Operation};
use crate::policy::format;

/// The longest comment, and the longest id, in characters.
const LONGEST: usize = 100;

pub(super) fn policies(api: &Api, resource: &str) -> anyhow::Result<String> {
    let mut text = format!(
        "// {}: a policy for each operation.\n\
         // Made by `authorizer schema from-openapi`, to be made yours.\n",
        comment(&api.title)
    );
    for (what, why) in &api.left_out {
        let _ = writeln!(text, "// `{}` is left out: {why}.", comment(what));
    }
    for operation in &api.operations {
        let others = api.operations.iter().map(|other| &other.route).filter(|o| o.goes_before(&operation.route));
        let mut before: Vec<&Route> = Vec::new();
        others.for_each(|route| before.extend((!before.contains(&route)).then_some(route)));
        policy(&mut text, operation, &before, resource);
    }
    Ok(format(Path::new("the policies"), &text)?)
}

/// A permit for one operation, and for no request of the routes that go before it.
fn policy(text: &mut String, operation: &Operation, before: &[&Route], resource: &str) {
    let Operation { id, method, route, summary, access } = operation;
    text.push('\n');
    if let Some(line) = summary.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty())) {
        let _ = writeln!(text, "// {}", comment(line));
    }
    let _ = writeln!(text, "@id(\"{resource}/{}\")", name(id));
    let (principal, unless) = match access {
        Access::Anyone => ("principal", ""),
        Access::Somebody => ("principal", "\nunless { principal is AAuth::Anonymous }"),
        Access::Scopes(_) => ("principal is AAuth::Person", ""),
    };
    let mut conditions = of_route(route, before);
    if let Access::Scopes(alternatives) = access {
        let _ =
            writeln!(text, "@scope(\"{}\")", alternatives.first().map(|scopes| scopes.join(" ")).unwrap_or_default());
        let each: Vec<String> = alternatives.iter().map(|scopes| holds(scopes)).collect();
        conditions.push(if each.len() > 1 { format!("({})", each.join(" || ")) } else { each.concat() });
    }
    let (relation, path) = if route.is_template() { ("in", route.prefix()) } else { ("==", route.prefix()) };
    let when = if conditions.is_empty() { String::new() } else { format!("\nwhen {{ {} }}", conditions.join(" && ")) };
    let _ = writeln!(
        text,
        "permit (\n  {principal},\n  action == HTTP::Action::\"{method}\",\n  \
         resource {relation} HTTP::Path::{}\n){when}{unless};",
        quoted(&path)
    );
}

/// That a request is of this route, as far as the head does not say so.
fn of_route(route: &Route, before: &[&Route]) -> Vec<String> {
    if !route.is_template() {
        return Vec::new();
    }
    let like = |route: &Route| format!("context.request.path like {}", quoted(&route.pattern()));
    // A `*` takes slashes too: with as many segments as the route has, none of them did.
    let longer = format!("!(context.request.path like \"{}\")", "/*".repeat(route.len() + 1));
    let others = before.iter().map(|other| {
        if other.is_template() {
            format!("!({})", like(other))
        } else {
            format!("context.request.path != {}", quoted(&other.prefix()))
        }
    });
    [like(route), longer].into_iter().chain(others).collect()
}

fn holds(scopes: &[String]) -> String {
    match scopes {
        [one] => format!("context.token.scopes.contains({})", quoted(one)),
        several => {
            let several: Vec<String> = several.iter().map(|scope| quoted(scope)).collect();
            format!("context.token.scopes.containsAll([{}])", several.join(", "))
        }
    }
}

/// A text in Cedar's quotes; a NUL stands for a star that is none of a pattern.
fn quoted(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '\u{0}' => "\\*".to_owned(),
            '"' | '\\' => format!("\\{c}"),
            c => c.to_string(),
        })
        .collect();
    format!("\"{text}\"")
}

/// An operation's id, as far as it can be a policy's.
fn name(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.:/".contains(c) { c } else { '-' };
    id.chars().take(LONGEST).map(plain).collect()
}

fn comment(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    plain.trim_end().to_owned()
}
