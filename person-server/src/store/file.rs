//! The database file: made for its owner's eyes alone, in a directory that exists.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::any::AnyConnectOptions;
use tracing::warn;

use super::error::StoreError;

/// Makes the file if it is not there. SQLite gives the write-ahead log and its index the same mode.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    match private().open(path) {
        Ok(_) => keep_name(path).map_err(|error| explain(path, &error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            warn_if_shared(path);
            Ok(())
        }
        Err(error) => Err(explain(path, &error)),
    }
}

/// Makes a file that must not be there yet, and returns its path as SQL takes it.
pub(super) fn new_private(path: &Path) -> Result<String, StoreError> {
    let text = text(path)?;
    private().open(path).map_err(|error| explain(path, &error))?;
    Ok(text)
}

/// Has the disk hold what was written.
pub(super) async fn sync(path: &Path) -> Result<(), StoreError> {
    let file = tokio::fs::File::open(path).await.map_err(|error| explain(path, &error))?;
    file.sync_all().await.map_err(|error| explain(path, &error))
}

/// How the file is opened; it is never made by being opened.
pub(super) fn options(path: &Path) -> Result<AnyConnectOptions, StoreError> {
    let absolute = std::path::absolute(path).map_err(|error| explain(path, &error))?;
    let mut url = String::from("sqlite://");
    for byte in text(&absolute)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            // Writing to a string does not fail.
            other => drop(write!(url, "%{other:02X}")),
        }
    }
    url.push_str("?mode=rw");
    Ok(url.parse::<AnyConnectOptions>()?.disable_statement_logging())
}

/// Has the disk hold that the file is there.
fn keep_name(path: &Path) -> std::io::Result<()> {
    let absolute = std::path::absolute(path)?;
    absolute.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn warn_if_shared(path: &Path) {
    #[cfg(unix)]
    if let Ok(found) = std::fs::metadata(path)
        && std::os::unix::fs::MetadataExt::mode(&found) & 0o077 != 0
    {
        warn!(path = %path.display(), "other users of this machine can read the database: `chmod 600` it");
    }
}

fn text(path: &Path) -> Result<String, StoreError> {
    let refused = || StoreError::File { path: path.to_owned(), why: "its path is not UTF-8".to_owned() };
    path.to_str().map(str::to_owned).ok_or_else(refused)
}

fn explain(path: &Path, error: &std::io::Error) -> StoreError {
    let why = if error.kind() == ErrorKind::NotFound {
        "its directory does not exist".to_owned()
    } else if error.kind() == ErrorKind::AlreadyExists {
        "it exists already, and nothing is overwritten".to_owned()
    } else {
        error.to_string()
    };
    StoreError::File { path: path.to_owned(), why }
}
