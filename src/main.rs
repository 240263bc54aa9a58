//! The authorizer's command line.

fn main() {}
