//! The command line: what an operator does beside serving.

pub mod keys;
