//! Reads the operations of an OpenAPI document, version 3.0 or 3.1, in YAML or JSON.

use std::collections::BTreeMap;

use super::route::Route;
use super::security::{self, Schemes};
use super::{Api, Operation};
use crate::authorizer::config::error::{ConfigErrors, Fault, quotable};
use crate::authorizer::config::item::Item;
use crate::authorizer::config::reader::{Report, Section};
use crate::authorizer::config::values::text;
use crate::authorizer::config::yaml;

/// The methods that a path may have, and those of them that policies can be about.
const METHODS: [(&str, Option<&str>); 8] = [
    ("get", Some("GET")),
    ("head", Some("HEAD")),
    ("options", Some("OPTIONS")),
    ("post", Some("POST")),
    ("put", Some("PUT")),
    ("patch", Some("PATCH")),
    ("delete", Some("DELETE")),
    ("trace", None),
];

/// The most references that lead from one to another.
const MOST_REFERENCES: usize = 8;

pub(super) fn read(file: &str, text: &str, base: Option<&str>) -> Result<Api, ConfigErrors> {
    let report = Report::new(file, None);
    let node = yaml::read(text).map_err(|mistake| ConfigErrors::new(file, vec![mistake]))?;
    let root = Section::root(&report, node.as_ref());
    if !is_openapi(&root) {
        root.members();
        return Err(ConfigErrors::new(file, report.into_parts().0));
    }
    let document = Document { members: root.members() };
    let api = document.api(base);
    let (mistakes, _) = report.into_parts();
    if mistakes.is_empty() { Ok(api) } else { Err(ConfigErrors::new(file, mistakes)) }
}

/// Whether it is a document of a version that is read; says so if not.
fn is_openapi(root: &Section<'_>) -> bool {
    if root.has("swagger") {
        root.wrong("swagger", Fault::new("this is version 2 of the format").hint("convert it to OpenAPI 3"));
        return false;
    }
    let Some(version) = root.required("openapi", text) else { return false };
    let known = version.starts_with("3.0.") || version.starts_with("3.1.");
    if !known {
        let fault = Fault::new(format!("`{}` is not a version that is read", quotable(&version)));
        root.wrong("openapi", fault.hint("write it in 3.0 or 3.1"));
    } else if !root.has("paths") {
        root.wrong("paths", Fault::new("is required"));
    }
    known && root.has("paths")
}

struct Document<'a> {
    members: Vec<Item<'a>>,
}

impl<'a> Document<'a> {
    fn api(&self, base: Option<&str>) -> Api {
        let title = self.members.iter().find(|item| item.name == "info").and_then(|info| {
            info.section().members().into_iter().find(|item| item.name == "title").and_then(|title| title.value(text))
        });
        let schemes = Schemes::of(&self.members);
        let base = base.map_or_else(|| self.base(), str::to_owned);
        let mut api =
            Api { title: title.unwrap_or_else(|| "An API".to_owned()), operations: Vec::new(), left_out: Vec::new() };
        let Some(paths) = self.find("paths") else { return api };
        let mut places = Seen::default();
        for path in paths.section().members().iter().filter(|path| !path.name.starts_with("x-")) {
            self.path(path, &base, &schemes, &mut places, &mut api);
        }
        api
    }

    fn path(&self, path: &Item<'a>, base: &str, schemes: &Schemes, seen: &mut Seen, api: &mut Api) {
        if !path.name.starts_with('/') {
            path.wrong(Fault::new("a path starts with a slash"));
            return;
        }
        let route = match Route::parse(&format!("{}{}", base.trim_end_matches('/'), path.name)) {
            Ok(Some(route)) => route,
            Ok(None) => {
                api.left_out.push((path.name.to_owned(), "a parameter is less than a whole segment"));
                return;
            }
            Err(why) => {
                path.wrong(Fault::new(format!("no request has this path: {why}")));
                return;
            }
        };
        if let Some(same) = seen.routes.insert(route.shape(), path.name.to_owned()) {
            path.wrong(Fault::new(format!("is the same path as `{}`", quotable(&same))));
            return;
        }
        let Some(members) = self.followed(path) else { return };
        for (name, method) in METHODS {
            let Some(item) = members.iter().find(|item| item.name == name) else { continue };
            match method {
                None => {
                    api.left_out.push((format!("{name} {}", path.name), "policies are never asked about this method"));
                }
                Some(method) => {
                    api.operations.extend(self.operation(item, (path.name, method), route.clone(), schemes, seen));
                }
            }
        }
    }

    fn operation(
        &self,
        item: &Item<'a>,
        (path, method): (&str, &'static str),
        route: Route,
        schemes: &Schemes,
        seen: &mut Seen,
    ) -> Option<Operation> {
        if !item.is_mapping() {
            item.expected("an operation");
            return None;
        }
        let members = item.section().members();
        let find = |name: &str| members.iter().find(|item| item.name == name);
        let id = find("operationId").and_then(|id| Some((id, id.value(text)?)));
        if let Some((item, id)) = &id
            && let Some(other) = seen.ids.insert(id.clone(), format!("{method} {path}"))
        {
            item.wrong(Fault::new(format!("`{}` is also the id of `{}`", quotable(id), quotable(&other))));
        }
        let plain: String = path.chars().filter(|c| !matches!(c, '{' | '}')).collect();
        let id = id.map_or_else(|| format!("{}:{plain}", method.to_ascii_lowercase()), |(_, id)| id);
        let security = find("security").or_else(|| self.find("security"));
        let summary = find("summary").or_else(|| find("description")).and_then(|item| item.value(text));
        Some(Operation { id, method, route, summary, access: security::access(security, schemes) })
    }

    /// The members of a path item, by reference or not.
    fn followed(&self, path: &Item<'a>) -> Option<Vec<Item<'a>>> {
        let mut members = path.section().members();
        for _ in 0..MOST_REFERENCES {
            let reference = members.iter().find(|item| item.name == "$ref");
            let Some((item, target)) = reference.and_then(|item| Some((item, item.value(text)?))) else {
                return Some(members);
            };
            let Some(found) = self.at(&target) else {
                let fault = Fault::new(format!("`{}` is not in this document", quotable(&target)));
                item.wrong(fault.hint("put what it refers to under `components`"));
                return None;
            };
            members = found;
        }
        path.wrong(Fault::new("refers to itself"));
        None
    }

    /// The members at a pointer like `#/components/pathItems/order`.
    fn at(&self, reference: &str) -> Option<Vec<Item<'a>>> {
        let mut steps = reference.strip_prefix("#/")?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        let first = steps.next()?;
        let mut item = self.find(&first)?.section().members();
        for step in steps {
            item = item.into_iter().find(|item| item.name == step)?.section().members();
        }
        Some(item)
    }

    /// The path of the first server.
    fn base(&self) -> String {
        let first = self.find("servers").and_then(|servers| servers.each().next());
        let Some(server) = first.filter(Item::is_mapping).map(|server| server.section().members()) else {
            return String::new();
        };
        let find = |name: &str| server.iter().find(|item| item.name == name);
        let mut url = find("url").and_then(|url| url.value(text)).unwrap_or_default();
        for variable in find("variables").map(|variables| variables.section().members()).unwrap_or_default() {
            let default = variable.section().members().into_iter().find(|item| item.name == "default");
            let default = default.and_then(|default| default.value(text)).unwrap_or_default();
            url = url.replace(&format!("{{{}}}", variable.name), &default);
        }
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
            None => &url,
        };
        path.trim_end_matches('/').to_owned()
    }

    fn find(&self, name: &str) -> Option<&Item<'a>> {
        self.members.iter().find(|item| item.name == name)
    }
}

/// What may be in a document once.
#[derive(Default)]
struct Seen {
    routes: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
}
