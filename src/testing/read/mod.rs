//! From a `*.test.yaml` file to a suite. Every mistake of a file is reported, each with its line, column and mend.

mod caller;
mod case;
mod expect;
mod request;
mod table;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use super::suite::{DEFAULT_NOW, Suite};
use crate::aauth::identifier::IdentifierRules;
use crate::authorizer::config::error::{ConfigErrors, Fault};
use crate::authorizer::config::reader::{Report, Section};
use crate::authorizer::config::{ResourceConfig, resource_reader, values, yaml};

/// Reads a suite of the folder `home`; `rules` are the identifiers that the deployment admits.
pub(super) fn suite(
    file: &Path,
    text: &str,
    home: Option<&str>,
    rules: IdentifierRules,
) -> Result<Suite, ConfigErrors> {
    let name = file.display().to_string();
    let report = Report::new(&name, None);
    let node = yaml::read(text).map_err(|mistake| ConfigErrors::new(&name, vec![mistake]))?;
    let suite = read(&Section::root(&report, node.as_ref()), file, home, rules);
    let (mistakes, _) = report.into_parts();
    if mistakes.is_empty() { Ok(suite) } else { Err(ConfigErrors::new(&name, mistakes)) }
}

fn read(root: &Section<'_>, file: &Path, home: Option<&str>, rules: IdentifierRules) -> Suite {
    let stem = || {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.trim_end_matches(".yaml").trim_end_matches(".test").to_owned()
    };
    let name = root.value("suite", values::text).unwrap_or_else(stem);
    let now = root.value("now", words::time).unwrap_or(DEFAULT_NOW);
    let resource = root.optional_section("resource").and_then(|section| resource(&section, home, rules));
    let mut callers = BTreeMap::new();
    for item in root.optional_section("fixtures").map(Section::members).unwrap_or_default() {
        if let Some(caller) = caller::caller(&item, rules) {
            callers.insert(item.name.to_owned(), caller);
        }
    }
    let mut cases = Vec::new();
    if !root.has("tests") {
        root.wrong(
            "tests",
            Fault::new("is required").hint("list the tests, each with `name`, `as`, `request`, `expect`"),
        );
    }
    for section in root.sections("tests") {
        cases.extend(case::cases(&section, &callers, now));
    }
    Suite { file: file.to_owned(), name, home: home.map(str::to_owned), resource, callers, cases }
}

/// The resource, by the keys of the configuration. Its id is that of the folder, if it gives none.
fn resource(section: &Section<'_>, home: Option<&str>, rules: IdentifierRules) -> Option<ResourceConfig> {
    if section.has("id") || home.is_none() {
        return Some(resource_reader::resource(section, rules));
    }
    resource_reader::resource_called(section, home?, rules)
}
