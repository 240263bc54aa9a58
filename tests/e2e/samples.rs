//! The deployment samples, held against the programs they are for.

use std::path::Path;
use std::process::Command;

use crate::support::process::installed;

#[test]
fn the_sample_of_envoy_is_valid() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/envoy/envoy.yaml");
    let answer = Command::new(installed("bin/envoy"))
        .args(["--mode", "validate", "--log-level", "warning", "--config-path"])
        .arg(sample)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{said}");
    assert!(!said.contains("deprecated"), "{said}");
}
