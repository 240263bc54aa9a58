//! `person-server keys list` and `person-server keys rotate`.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use aauth_authorizer::clock::{Clock, Seconds};
use clap::{Args, Subcommand};

use crate::app::keys::{KeyDirectory, Listed, OVERLAP, Use};

/// The signing keys.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the signing keys and what each is used for.
    List,
    /// Make a new signing key. It is published at once and signs after the overlap; running servers notice.
    Rotate {
        /// How long the new key is published before it signs. Others keep a key set for five minutes, so less than that
        /// has them refuse its tokens for a while.
        #[arg(long, value_parser = humantime::parse_duration, default_value = "10m")]
        overlap: Duration,
    },
}

/// Does it, in the key directory of the configuration.
pub fn run(arguments: &Arguments, directory: &Path, clock: &dyn Clock, out: &mut dyn Write) -> anyhow::Result<()> {
    let (directory, now) = (KeyDirectory::at(directory), clock.now());
    match &arguments.command {
        Command::List => {
            for key in directory.list(now)? {
                show(&key, out)?;
            }
        }
        Command::Rotate { overlap } => {
            let overlap = Seconds::try_from(overlap.as_secs())?;
            show(&directory.rotate(now, overlap)?, out)?;
            if overlap < OVERLAP {
                writeln!(out, "others may not know this key yet when it signs: they look again within {OVERLAP} s")?;
            }
        }
    }
    Ok(())
}

fn show(key: &Listed, out: &mut dyn Write) -> io::Result<()> {
    let used = match key.used {
        Use::Waits { from } => format!("published, signs from {}", date(from)),
        Use::Signs => format!("signs, since {}", date(key.signs_from)),
        Use::Stays { until } => format!("published until {}", date(until)),
        Use::Over => "over, removed with the next rotation".to_owned(),
    };
    writeln!(out, "{}  {used}  thumbprint {}", key.kid, key.thumbprint)
}

fn date(at: Seconds) -> String {
    let since = Duration::from_secs(u64::try_from(at).unwrap_or_default());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use aauth_authorizer::clock::FixedClock;
    use clap::Parser;

    use super::*;
    use crate::app::Keys;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        keys: Arguments,
    }

    fn run_line(line: &[&str], directory: &Path, now: Seconds) -> anyhow::Result<String> {
        let line = Line::try_parse_from([&["keys"], line].concat())?;
        let mut out = Vec::new();
        run(&line.keys, directory, &FixedClock::at(now), &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn keys_are_rotated_and_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        assert!(run_line(&["rotate"], &path, 1_790_000_000).is_err(), "there is nothing to rotate");
        Keys::open(&path, 1_790_000_000).unwrap();
        let rotated = run_line(&["rotate"], &path, 1_790_000_000).unwrap();
        assert!(rotated.contains("published, signs from 2026-09-21T14:23:20Z"), "{rotated}");
        let listed = run_line(&["list"], &path, 1_790_000_600).unwrap();
        assert!(listed.contains("published until 2026-09-22T15:23:20Z"), "{listed}");
        assert!(listed.contains("signs, since 2026-09-21T14:23:20Z"), "{listed}");
        let hurried = run_line(&["rotate", "--overlap", "0s"], &path, 1_790_001_000).unwrap();
        assert!(hurried.contains("others may not know this key yet"), "{hurried}");
    }
}
