//! `authorizer serve`: build, listen, and answer until told to stop.

use std::path::Path;

pub(super) fn run(_file: &Path) -> anyhow::Result<()> {
    anyhow::bail!("the listeners are not built into this revision")
}
