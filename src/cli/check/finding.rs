//! Something that is wrong, or may be, with its place: one shape for every kind of file.

use std::path::Path;

use serde_json::{Value, json};

use crate::authorizer::config::{ConfigErrors, Warning};
use crate::policy::{Lint, LoadErrors, LoadFault};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// It will not run.
    Error,
    /// It will, and somebody should look.
    Warning,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// The rule that found it: a lint's name, else the kind of file.
    pub(super) rule: &'static str,
    pub(super) file: String,
    /// Line and column, from one.
    pub(super) at: Option<(usize, usize)>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    /// Of a file as a whole.
    pub(super) fn whole(file: &Path, message: String) -> Self {
        let file = file.display().to_string();
        Self { severity: Severity::Error, rule: "configuration", file, at: None, message, hint: None }
    }

    pub(super) fn of_config(errors: &ConfigErrors) -> Vec<Self> {
        let finding = |mistake: &crate::authorizer::config::Mistake| Self {
            severity: Severity::Error,
            rule: "configuration",
            file: errors.file().to_owned(),
            at: mistake.place.at.map(|at| (at.line, at.column)),
            message: placed(&mistake.place.path, &mistake.fault.message),
            hint: mistake.fault.hint.clone(),
        };
        errors.mistakes().iter().map(finding).collect()
    }

    pub(super) fn of_warning(warning: &Warning) -> Self {
        Self {
            severity: Severity::Warning,
            rule: "configuration",
            file: warning.file.clone(),
            at: warning.place.at.map(|at| (at.line, at.column)),
            message: placed(&warning.place.path, &warning.message),
            hint: None,
        }
    }

    pub(super) fn of_policies(errors: &LoadErrors) -> Vec<Self> {
        let mut found: Vec<Self> =
            errors.faults().iter().map(|fault| Self::of_fault(Severity::Error, "policy", fault)).collect();
        let more = errors.count() - errors.faults().len();
        if let (Some(last), 1..) = (found.last().cloned(), more) {
            found.push(Self { at: None, message: format!("and {more} more"), hint: None, ..last });
        }
        found
    }

    pub(super) fn of_lint(lint: &Lint) -> Self {
        Self::of_fault(Severity::Warning, lint.rule, &lint.fault)
    }

    fn of_fault(severity: Severity, rule: &'static str, fault: &LoadFault) -> Self {
        Self {
            severity,
            rule,
            file: fault.file.display().to_string(),
            at: fault.position.map(|at| (at.line, at.column)),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
        }
    }

    /// What is wrong and what to do about it, on one line.
    pub(super) fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} (hint: {hint})", self.message),
            None => self.message.clone(),
        }
    }
}

fn placed(path: &str, message: &str) -> String {
    if path.is_empty() { message.to_owned() } else { format!("{path}: {message}") }
}

/// One JSON document.
pub(super) fn json(findings: &[Finding]) -> Value {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let one = |finding: &Finding| {
        json!({
            "severity": finding.severity.as_str(),
            "rule": finding.rule,
            "file": finding.file,
            "line": finding.at.map(|(line, _)| line),
            "column": finding.at.map(|(_, column)| column),
            "message": finding.message,
            "hint": finding.hint,
        })
    };
    json!({
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "findings": findings.iter().map(one).collect::<Vec<_>>(),
    })
}
