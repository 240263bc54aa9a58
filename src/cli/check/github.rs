//! Findings as the workflow commands of GitHub Actions, which it shows beside the lines they are about.

use super::finding::Finding;

pub(super) fn render(findings: &[Finding]) -> String {
    findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let place = finding.at.map_or_else(String::new, |(line, column)| format!(",line={line},col={column}"));
    format!(
        "::{} file={}{place},title={}::{}\n",
        finding.severity.as_str(),
        property(&finding.file),
        property(finding.rule),
        data(&finding.sentence())
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn no_text_can_end_a_command() {
        let finding = Finding {
            severity: Severity::Warning,
            rule: "untested",
            file: "a,b:c.cedar".to_owned(),
            at: Some((3, 4)),
            message: "100%\n::error::x".to_owned(),
            hint: Some("do".to_owned()),
        };
        assert_eq!(
            render(&[finding]),
            "::warning file=a%2Cb%3Ac.cedar,line=3,col=4,title=untested::100%25%0A::error::x (hint: do)\n"
        );
    }
}
