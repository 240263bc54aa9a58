//! Coverage as a table for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Coverage, PolicyCover};

const HEADINGS: [&str; 5] = ["policy", "evaluated", "matches", "decides", "does not match"];

pub(super) fn render(coverage: &Coverage) -> String {
    let mut text = String::new();
    let width = coverage.policies.iter().map(|policy| policy.id.chars().count()).chain([HEADINGS[0].len()]).max();
    let width = width.unwrap_or_default();
    let enforced: Vec<&PolicyCover> = coverage.enforced().collect();
    let shadow: Vec<&PolicyCover> = coverage.policies.iter().filter(|policy| policy.shadow).collect();
    table(&mut text, width, "coverage", &enforced);
    table(&mut text, width, "in shadow, not counted", &shadow);
    for (namespace, actions) in by_namespace(&coverage.actions) {
        // Of a protocol that nothing is asked by, one would rather not hear.
        if actions.iter().any(|(_, count)| *count > 0) {
            asked(&mut text, &format!("actions of {namespace}"), &actions);
        }
    }
    let resources: Vec<(&str, usize)> = coverage.resources.iter().map(|(id, count)| (id.as_str(), *count)).collect();
    asked(&mut text, "resources", &resources);
    let (covered, all) = coverage.counts();
    put(&mut text, format_args!("policies: {covered} of {all} covered ({:.1} %)\n", coverage.percent()));
    text
}

/// The actions of each namespace, as in `HTTP::Action::"GET"`, by their ids.
fn by_namespace(actions: &BTreeMap<String, usize>) -> BTreeMap<&str, Vec<(&str, usize)>> {
    let mut namespaces: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for (action, count) in actions {
        let (namespace, id) = action.split_once("::Action::").unwrap_or(("", action));
        namespaces.entry(namespace).or_default().push((id.trim_matches('"'), *count));
    }
    namespaces
}

fn asked(text: &mut String, what: &str, counts: &[(&str, usize)]) {
    let asked = counts.iter().filter(|(_, count)| *count > 0).count();
    let missing: Vec<&str> = counts.iter().filter(|(_, count)| *count == 0).map(|(name, _)| *name).collect();
    let missing = if missing.is_empty() { String::new() } else { format!("; not {}", missing.join(", ")) };
    put(text, format_args!("{what}: {asked} of {} asked for{missing}\n", counts.len()));
}

fn table(text: &mut String, width: usize, title: &str, policies: &[&PolicyCover]) {
    if policies.is_empty() {
        return;
    }
    put(text, format_args!("{title}\n"));
    let [policy, evaluated, matches, decides, not] = HEADINGS;
    put(text, format_args!("  {policy:width$}  {evaluated:>9}  {matches:>7}  {decides:>7}  {not:>14}\n"));
    for policy in policies {
        let PolicyCover { id, evaluated, satisfied, determining, unsatisfied, .. } = policy;
        put(text, format_args!("  {id:width$}  {evaluated:>9}  {satisfied:>7}  {determining:>7}  {unsatisfied:>14}"));
        let missing = policy.missing();
        if !missing.is_empty() {
            let (file, line) = (policy.file.display(), policy.first_line);
            put(text, format_args!("  no test in which it {}, {file}:{line}", missing.join(", nor ")));
        }
        text.push('\n');
    }
}

fn put(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(content);
}
