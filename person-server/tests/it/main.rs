//! Tests of the Person Server from outside: one module a topic.

#![allow(missing_docs, reason = "tests")]

mod store;
mod support;
