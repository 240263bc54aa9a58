//! The pipeline and its edges.

pub mod config;
