//! Coverage as Cobertura's XML. A file is a class and a policy one of its methods; a policy's lines were hit as often as
//! it was evaluated, and its first line has the condition that it matches and that it does not.

use std::fmt::Write as _;

use super::super::report::escape_xml;
use super::{Coverage, PolicyCover};

pub(super) fn render(coverage: &Coverage) -> String {
    let enforced: Vec<&PolicyCover> = coverage.enforced().collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put(
        &mut xml,
        format_args!(
            "<coverage {} complexity=\"0\" version=\"{}\" timestamp=\"0\">\n<sources><source>.</source></sources>\n<packages>\n",
            Totals::of(&enforced).attributes(),
            env!("CARGO_PKG_VERSION"),
        ),
    );
    for policies in enforced.chunk_by(|a, b| a.file.parent() == b.file.parent()) {
        let name = policies.first().and_then(|policy| policy.file.parent()).map(|dir| dir.display().to_string());
        let (name, rates) = (escape_xml(&name.unwrap_or_default()), Totals::of(policies).rates());
        put(&mut xml, format_args!("<package name=\"{name}\" {rates} complexity=\"0\">\n<classes>\n"));
        for policies in policies.chunk_by(|a, b| a.file == b.file) {
            class(&mut xml, policies);
        }
        xml.push_str("</classes>\n</package>\n");
    }
    xml.push_str("</packages>\n</coverage>\n");
    xml
}

fn class(xml: &mut String, policies: &[&PolicyCover]) {
    let Some(first) = policies.first() else { return };
    let name = first.file.file_stem().unwrap_or_default().to_string_lossy();
    let (name, file, rates) =
        (escape_xml(&name), escape_xml(&first.file.display().to_string()), Totals::of(policies).rates());
    put(xml, format_args!("<class name=\"{name}\" filename=\"{file}\" {rates} complexity=\"0\">\n<methods>\n"));
    for policy in policies {
        let (name, rates) = (escape_xml(&policy.id), Totals::of(&[policy]).rates());
        put(xml, format_args!("<method name=\"{name}\" signature=\"\" {rates} complexity=\"0\">"));
        lines(xml, policy);
        xml.push_str("</method>\n");
    }
    xml.push_str("</methods>\n<lines>\n");
    for policy in policies {
        lines_inner(xml, policy);
    }
    xml.push_str("</lines>\n</class>\n");
}

fn lines(xml: &mut String, policy: &PolicyCover) {
    xml.push_str("<lines>\n");
    lines_inner(xml, policy);
    xml.push_str("</lines>");
}

fn lines_inner(xml: &mut String, policy: &PolicyCover) {
    for line in policy.first_line..=policy.last_line {
        put(xml, format_args!("<line number=\"{line}\" hits=\"{}\"", policy.evaluated));
        if line == policy.first_line {
            let taken = Totals::of(&[policy]).branches_hit;
            let condition = format!("{}% ({taken}/2)", taken * 50);
            put(xml, format_args!(" branch=\"true\" condition-coverage=\"{condition}\"/>\n"));
        } else {
            xml.push_str(" branch=\"false\"/>\n");
        }
    }
}

struct Totals {
    lines: usize,
    lines_hit: usize,
    branches: usize,
    branches_hit: usize,
}

impl Totals {
    fn of(policies: &[&PolicyCover]) -> Self {
        let mut totals = Self { lines: 0, lines_hit: 0, branches: 0, branches_hit: 0 };
        for policy in policies {
            let lines = policy.last_line - policy.first_line + 1;
            totals.lines += lines;
            totals.lines_hit += if policy.evaluated > 0 { lines } else { 0 };
            totals.branches += 2;
            totals.branches_hit += usize::from(policy.satisfied > 0) + usize::from(policy.unsatisfied > 0);
        }
        totals
    }

    fn rates(&self) -> String {
        let rate = |hit: usize, all: usize| {
            let thousandths = (1000 * hit).checked_div(all).unwrap_or(1000);
            format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
        };
        let (line, branch) = (rate(self.lines_hit, self.lines), rate(self.branches_hit, self.branches));
        format!("line-rate=\"{line}\" branch-rate=\"{branch}\"")
    }

    fn attributes(&self) -> String {
        let Self { lines, lines_hit, branches, branches_hit } = self;
        let counts = format!("lines-covered=\"{lines_hit}\" lines-valid=\"{lines}\"");
        format!("{} {counts} branches-covered=\"{branches_hit}\" branches-valid=\"{branches}\"", self.rates())
    }
}

fn put(xml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = xml.write_fmt(text);
}
