//! The whole edge, over real sockets, as a gateway meets it.

mod calls;
mod lifecycle;
pub(super) mod peers;
mod reflection;
mod tls;
