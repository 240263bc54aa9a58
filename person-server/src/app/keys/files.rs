//! Files for their owner's eyes alone, which appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::error::KeysError;
use crate::app::random;

/// Makes the directory, where it is not there.
pub(super) fn make_directory(path: &Path) -> Result<(), KeysError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(KeysError::io("make the key directory", path))
}

/// Refuses what others can read or write.
pub(super) fn require_private(path: &Path, wanted: &'static str) -> Result<(), KeysError> {
    let found = fs::metadata(path).map_err(KeysError::io("look at", path))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&found) & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeysError::Shared { path: path.to_owned(), mode, wanted });
        }
    }
    Ok(())
}

/// Reads a file that nobody else can read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, KeysError> {
    require_private(path, "600")?;
    fs::read(path).map_err(KeysError::io("read", path))
}

/// Writes a file that is not there yet. `false` where it is: nothing is replaced, even by two who write at once.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, KeysError> {
    let draft = path.with_extension(format!("{}.tmp", random::id()));
    let written = write_draft(&draft, bytes).map_err(KeysError::io("write", &draft));
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(KeysError::io("write", path)(error)),
    });
    // Whatever happened, the draft holds a secret.
    let removed = fs::remove_file(&draft);
    let new = linked?;
    removed.map_err(KeysError::io("remove", &draft))?;
    if let Some(directory) = path.parent() {
        sync_directory(directory)?;
    }
    Ok(new)
}

fn write_draft(draft: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Has the disk hold the name too.
fn sync_directory(directory: &Path) -> Result<(), KeysError> {
    #[cfg(unix)]
    File::open(directory).and_then(|file| file.sync_all()).map_err(KeysError::io("sync", directory))?;
    Ok(())
}
