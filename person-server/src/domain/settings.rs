//! What a person prefers.

use serde::{Deserialize, Serialize};

/// The most days that a remembered yes may be made to last.
pub const MAX_REMEMBER_DAYS: u32 = 3650;

/// Preferences of one person. What is not there is as by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How many days a yes is remembered where the person does not say until when. Until it is revoked, where `None`.
    pub remember_days: Option<u32>,
}
