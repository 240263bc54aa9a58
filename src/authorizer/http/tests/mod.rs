//! Each endpoint, over a real socket.

mod authorize;
mod listener;
mod operator;
mod revoke;
mod support;
mod tls;
mod wellknown;
