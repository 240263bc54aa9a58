//! `authorizer schema`: one schema for editors, and schemas made of what a server says of itself.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use serde_json::{Value, json};

use super::openapi;
use crate::policy::{mcp_schema, merged_schema};

/// The largest file that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The settings of an editor, in the folder that it is opened in.
const SETTINGS: &str = ".vscode/settings.json";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the schema of this program and every extension of it as one file, which editors need.
    Export {
        /// The folder of extensions.
        #[arg(long, value_name = "DIR", default_value = "schemas")]
        schemas: PathBuf,
        /// Where to write it, outside of that folder [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write `.vscode/settings.json` too, by which the Cedar extension finds the file.
        #[arg(long, requires = "out")]
        vscode: bool,
    },
    /// Write a schema of an MCP server's tools, by which policies read their arguments with their types.
    FromMcp {
        /// What the server answers to `tools/list`, as JSON; `-` is standard input.
        #[arg(value_name = "TOOLS.json")]
        tools: PathBuf,
        /// The server's name in the configuration.
        #[arg(long, value_name = "NAME")]
        server: String,
        /// Where to write it [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write a policy for each operation of an OpenAPI document, 3.0 or 3.1: its method is the action, its path the
    /// resource, its security the scopes.
    FromOpenapi {
        /// The document, in YAML or JSON; `-` is standard input.
        #[arg(value_name = "OPENAPI.yaml")]
        document: PathBuf,
        /// The resource it is the API of.
        #[arg(long, value_name = "ID")]
        resource: String,
        /// What is put before each path [default: the path of the document's first server].
        #[arg(long, value_name = "PATH")]
        base: Option<String>,
        /// Where to write it, in the resource's folder of policies. An existing file is never replaced [default: standard
        /// output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Export { schemas, out, vscode } => export(schemas, out.as_deref(), *vscode),
        Command::FromMcp { tools, server, out } => {
            ensure!(is_name(server), "`{server}` is not a server's name");
            let text = read(tools)?;
            let listed: Value =
                serde_json::from_str(&text).with_context(|| format!("`{}` is not JSON", tools.display()))?;
            let schema = mcp_schema(server, &listed).map_err(|why| anyhow::anyhow!("`{}`: {why}", tools.display()))?;
            write(out.as_deref(), &schema)
        }
        Command::FromOpenapi { document, resource, base, out } => {
            ensure!(is_name(resource), "`{resource}` is not a resource's id");
            let rooted = base.as_deref().is_none_or(|base| base.starts_with('/'));
            ensure!(rooted, "`{}` is not a path", base.as_deref().unwrap_or_default());
            let policies = openapi::policies(document, &read(document)?, resource, base.as_deref())?;
            write_new(out.as_deref(), &policies)
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn export(schemas: &Path, out: Option<&Path>, vscode: bool) -> anyhow::Result<()> {
    let mut files = Vec::new();
    if schemas.exists() {
        collect(schemas, &mut files)?;
    }
    files.sort();
    if let Some(out) = out {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let inside =
            folder.canonicalize().is_ok_and(|folder| schemas.canonicalize().is_ok_and(|s| folder.starts_with(s)));
        ensure!(!inside, "`{}` is in the folder of extensions, and would become one itself", out.display());
    }
    let texts = files.iter().map(|file| read(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let merged = merged_schema(texts.iter().map(String::as_str));
    write(out, &merged)?;
    match out {
        Some(out) if vscode => settings(out),
        Some(_) | None => Ok(()),
    }
}

/// Tells the editor where the schema is; settings that somebody made are theirs to change.
fn settings(schema: &Path) -> anyhow::Result<()> {
    let wanted = json!({ "cedar.schemaFile": schema, "cedar.autodetectSchemaFile": false });
    let wanted = serde_json::to_string_pretty(&wanted)?;
    let path = Path::new(SETTINGS);
    if path.exists() {
        println!("{SETTINGS} is there already: add these to it\n{wanted}");
        return Ok(());
    }
    fs::create_dir_all(".vscode").context("cannot make `.vscode`")?;
    write(Some(path), &format!("{wanted}\n"))
}

/// The extensions in a folder; what we ship is compiled in, and may be there as well.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "aauth.cedarschema" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "cedarschema") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let size = if file == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_string(&mut text)
    } else {
        let opened = fs::File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        opened.take(LARGEST + 1).read_to_string(&mut text)
    };
    let size = size.with_context(|| format!("cannot read `{}`", file.display()))?;
    if u64::try_from(size).is_ok_and(|size| size > LARGEST) {
        bail!("`{}` is larger than {LARGEST} bytes", file.display());
    }
    Ok(text)
}

/// What an author edits is not to be lost.
fn write_new(out: Option<&Path>, text: &str) -> anyhow::Result<()> {
    if let Some(out) = out
        && out.exists()
    {
        bail!("`{}` is there already", out.display());
    }
    write(out, text)
}

fn write(out: Option<&Path>, text: &str) -> anyhow::Result<()> {
    let Some(out) = out else {
        super::print(text);
        return Ok(());
    };
    fs::write(out, text).with_context(|| format!("cannot write `{}`", out.display()))?;
    eprintln!("{} is written", out.display());
    Ok(())
}
