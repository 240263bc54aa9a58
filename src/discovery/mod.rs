//! Issuers' keys.
