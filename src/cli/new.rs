//! `authorizer new policy`: a policy to begin with, and a test of it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write a policy, and a test of it that passes, to be made yours. An existing file is never replaced.
    Policy(Policy),
}

#[derive(Debug, clap::Args)]
struct Policy {
    /// The policy's id, which is the name of its files too.
    #[arg(long, value_name = "ID")]
    id: String,
    /// The resource it is for.
    #[arg(long, value_name = "ID")]
    resource: String,
    /// Which way it decides.
    #[arg(long, value_enum, default_value = "permit")]
    effect: Effect,
    /// The folder of policies.
    #[arg(long, value_name = "DIR", default_value = "policies")]
    policies: PathBuf,
    /// Show the files, and write none.
    #[arg(long)]
    print: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Effect {
    Permit,
    Forbid,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Policy(policy) = &arguments.command;
    for (what, name) in [("id", &policy.id), ("resource", &policy.resource)] {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with('.') {
            bail!("`{}` is no {what}; use 1 to 64 letters, digits and `-_.`", name.escape_debug());
        }
    }
    let folder = policy.policies.join(&policy.resource);
    let (cedar, test) = texts(policy);
    let files = [(format!("{}.cedar", policy.id), cedar), (format!("{}.test.yaml", policy.id), test)];
    if policy.print {
        for (name, text) in files {
            super::print(&format!("# {}\n{text}\n", folder.join(name).display()));
        }
        return Ok(());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    for (name, text) in files {
        let file = folder.join(name);
        write(&file, &text).with_context(|| format!("cannot write `{}`", file.display()))?;
        super::print(&format!("{}: written\n", file.display()));
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

/// The policy and its test.
fn texts(policy: &Policy) -> (String, String) {
    let Policy { id, resource, .. } = policy;
    match policy.effect {
        Effect::Permit => (
            format!(
                r#"// Who may do what, and why. Change the path, the methods and the scope.
@id("{id}")
@scope("{resource}.read")
permit (
  principal is AAuth::Person,
  action in HTTP::Action::"read",
  resource in HTTP::Path::"/{id}"
)
when {{ context.token.scopes.contains("{resource}.read") }};
"#
            ),
            format!(
                "suite: {id}

fixtures:
  stranger: {{ person: {{ server: https://ps.example, sub: ada }} }}
  reader: {{ person: {{ server: https://ps.example, sub: ada }}, token: {{ scopes: [{resource}.read] }} }}

tests:
  - name: reading takes consent
    as: [stranger, reader]
    request: {{ method: GET, path: /{id} }}
    table:
      reader: {{ decision: allow, policies: {{ contains: [{id}] }} }}
      stranger: {{ decision: challenge, requirement: auth-token, scope: {resource}.read }}
"
            ),
        ),
        Effect::Forbid => (
            format!(
                r#"// What nobody may do, and why. Change the path and the methods.
@id("{id}")
@reason("say here what the caller is told")
forbid (
  principal,
  action in HTTP::Action::"write",
  resource in HTTP::Path::"/{id}"
);
"#
            ),
            format!(
                "suite: {id}

fixtures:
  robot: {{ agent: aauth:robot@agents.example }}

tests:
  - name: nobody may change it
    as: robot
    request: {{ method: [POST, PUT, PATCH, DELETE], path: /{id}/1 }}
    expect: {{ decision: deny, status: 403, policies: {{ contains: [{id}] }} }}
"
            ),
        ),
    }
}
