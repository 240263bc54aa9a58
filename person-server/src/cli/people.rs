//! `person-server people`: who is a person of this server, how they get in, and what stands for them in scripts.
//!
//! What is printed is a secret that is kept nowhere: whoever has a setup link first is that person.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aauth_authorizer::clock::{Seconds, SystemClock};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::app::persons::{Invitation, People};
use crate::config::Config;
use crate::domain::person::{Person, PersonKey};
use crate::store::Store;

/// The persons of this server.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a person, and print the link they set themselves up with: once, within a day.
    Add {
        /// What they are called.
        name: String,
        /// Their email address: agents may ask to tell it, with their consent.
        #[arg(long)]
        email: Option<String>,
        /// The organization they belong to: told to every resource.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Show everybody.
    List,
    /// Print another setup link for a person, in place of one that was not used.
    Link {
        /// Their id or their name.
        person: String,
    },
    /// Print a new API token for a person's scripts. It decides like the person, so keep it like a password.
    Token {
        /// Their id or their name.
        person: String,
        /// What it is for.
        name: String,
    },
    /// Show a person's API tokens.
    Tokens {
        /// Their id or their name.
        person: String,
    },
    /// End an API token, and the sessions it began.
    Revoke {
        /// Their id or their name.
        person: String,
        /// The token's id.
        token: String,
    },
}

/// Does it, in the store of the configuration.
pub fn run(arguments: &Arguments, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&config.store).await?;
        let people = People::new(store.clone(), Arc::new(SystemClock), config.settings.issuer.clone());
        let done = act(&arguments.command, &people, out).await;
        store.close().await?;
        done
    })
}

async fn act(command: &Command, people: &People, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        Command::Add { name, email, tenant } => {
            is_line("the name", name)?;
            for value in [email, tenant].into_iter().flatten() {
                is_line("a claim", value)?;
            }
            show(&people.add(name, email.as_deref(), tenant.as_deref()).await?, out)
        }
        Command::List => {
            for person in people.all().await? {
                let tenant = person.tenant.as_deref().map(|tenant| format!(", of {tenant}")).unwrap_or_default();
                writeln!(out, "{}  {}{tenant}, since {}", person.key, person.name, date(person.created_at))?;
            }
            Ok(())
        }
        Command::Link { person } => {
            let person = find(people, person).await?;
            show(&people.invite(&person).await?.context("they are gone meanwhile")?, out)
        }
        Command::Token { person, name } => {
            is_line("the token's name", name)?;
            let person = find(people, person).await?;
            let token = people.add_api_token(&person, name).await?;
            writeln!(out, "{}", token.context("they have too many API tokens: revoke some")?)?;
            Ok(())
        }
        Command::Tokens { person } => {
            for token in people.api_tokens(&find(people, person).await?).await? {
                let used = token.used_at.map_or("never used".to_owned(), |used| format!("used {}", date(used)));
                writeln!(out, "{}  {}, since {}, {used}", token.id, token.name, date(token.created_at))?;
            }
            Ok(())
        }
        Command::Revoke { person, token } => {
            if !people.revoke_api_token(&find(people, person).await?, token).await? {
                bail!("they have no such API token: `person-server people tokens` shows those they have");
            }
            Ok(())
        }
    }
}

/// Prints what a person sets themselves up with.
pub(super) fn show(invitation: &Invitation, out: &mut dyn Write) -> anyhow::Result<()> {
    let Invitation { person, token, link, expires_at } = invitation;
    writeln!(
        out,
        "person {person}\nsetup link, for one use until {}:\n  {link}\nits token by itself:\n  {token}",
        date(*expires_at)
    )?;
    Ok(())
}

/// The one person of this id, or of this name.
async fn find(people: &People, wanted: &str) -> anyhow::Result<PersonKey> {
    let all = people.all().await?;
    let of = |person: &&Person| person.key.as_str() == wanted || person.name == wanted;
    let mut found = all.iter().filter(of);
    match (found.next(), found.next()) {
        (Some(person), None) => Ok(person.key.clone()),
        (Some(_), Some(_)) => {
            bail!("several persons are called `{wanted}`: use the id that `person-server people list` shows")
        }
        (None, _) => bail!("nobody is called `{wanted}`: `person-server people list` shows everybody"),
    }
}

fn is_line(what: &str, text: &str) -> anyhow::Result<()> {
    if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        bail!("{what} is not a line of 1 to 200 characters");
    }
    Ok(())
}

fn date(time: Seconds) -> String {
    let since = Duration::from_secs(u64::try_from(time).unwrap_or_default());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}
