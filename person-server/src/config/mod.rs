//! The configuration: a YAML file, and a few settings that the environment may override.

mod settings;

pub use settings::{Limits, Providers, Settings};
