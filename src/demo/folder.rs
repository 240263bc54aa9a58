//! The demo's folder: private keys, the decision log and, where none are given, copies of the sample policies to edit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::authorizer::config::ResourceId;
use crate::authorizer::random;

/// The samples, as the repository has them.
const SAMPLES: [(&str, &str); 7] = [
    ("policies/_all/guard-rails.cedar", include_str!("../../policies/_all/guard-rails.cedar")),
    ("policies/orders/missions.cedar", include_str!("../../policies/orders/missions.cedar")),
    ("policies/orders/orders.cedar", include_str!("../../policies/orders/orders.cedar")),
    ("policies/orders/public.cedar", include_str!("../../policies/orders/public.cedar")),
    ("policies/orders/step-up.cedar", include_str!("../../policies/orders/step-up.cedar")),
    ("policies/orders/time-boxed.cedar", include_str!("../../policies/orders/time-boxed.cedar")),
    ("schemas/aauth.cedarschema", include_str!("../../schemas/aauth.cedarschema")),
];

/// A folder that only its owner can read, gone with the demo.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn create() -> io::Result<Self> {
        let name: String = random::token_id().chars().take(12).collect();
        let path = std::env::temp_dir().join(format!("aauth-demo-{name}"));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(&path)?;
        Ok(Self(path))
    }

    /// A path in it.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, making the folders it is in.
    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Writes the sample policies and schemas, and says where.
    pub(super) fn write_samples(&self) -> io::Result<(PathBuf, PathBuf)> {
        for (name, text) in SAMPLES {
            self.write(name, text)?;
        }
        Ok((self.join("policies"), self.join("schemas")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed with the rest of the system's temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The resources, but for `orders`, that a folder of policies is for.
pub(super) fn other_resources(policies: &Path) -> Vec<String> {
    let entries = fs::read_dir(policies).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.to_str().map(str::to_owned));
    names.filter(|name| name != "orders" && ResourceId::parse(name).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sample that is added to the repository is in the demo as well.
    #[test]
    fn the_samples_are_all_of_the_repository() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = 0;
        for dir in ["policies/_all", "policies/orders", "schemas"] {
            let files = fs::read_dir(root.join(dir)).unwrap().map(|entry| entry.unwrap().path());
            found += files.filter(|path| path.to_str().unwrap().contains(".cedar")).count();
        }
        assert_eq!(found, SAMPLES.len());
    }
}
