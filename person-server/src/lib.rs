//! The Person Server: stands for a person. It vouches for their agents, asks the person, remembers what they said, and
//! issues the tokens that resources trust.
//!
//! Implements the person server and the agent provider of *draft-hardt-oauth-aauth-protocol-11* on the
//! [`aauth_authorizer`] library. A request passes the rooms so: `routes -> app -> domain <- store`.
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | persons, agents, asks, decisions: values and rules, no I/O |
//! | [`store`] | what is kept, in SQLite or PostgreSQL |
//! | [`governance`] | what policies in Cedar grant or refuse without asking the person |
//! | [`app`] | what the server does, request by request |
//! | [`routes`] | HTTP |
//! | [`cli`] | what an operator does beside serving |
//! | [`config`] | what the operator says |
//! | [`server`] | the whole process |

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod governance;
pub mod routes;
pub mod server;
pub mod store;
