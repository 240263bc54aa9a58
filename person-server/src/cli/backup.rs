//! `person-server backup FILE`.

use std::path::Path;

use crate::config::Config;
use crate::store::Store;

/// Writes the copy.
pub(super) fn run(config: &Config, to: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&config.store).await?;
        store.backup(to).await?;
        store.close().await?;
        println!("{} is a copy of the database; the keys in {} are not in it", to.display(), config.keys_dir.display());
        Ok(())
    })
}
