//! What an operator may set about the gRPC listener, as values. Reading files is the caller's.

use std::fmt;
use std::time::Duration;

use crate::authorizer::config::GrpcListen;

/// The listener and its bounds.
#[derive(Debug, Clone)]
pub struct GrpcSettings {
    /// Where to listen.
    pub listen: GrpcListen,
    /// Certificates; clear text without.
    pub tls: Option<TlsSettings>,
    /// Checks under way at once; one more is answered 503.
    pub max_concurrent_checks: usize,
    /// How long a check may take; then 503.
    pub check_timeout: Duration,
    /// The largest check taken, in bytes; a larger one is answered 413.
    pub max_message: usize,
    /// Calls under way at once on one connection. A gateway queues those beyond, so this is well above what it needs.
    pub max_concurrent_streams: u32,
    /// The largest header of a call, in bytes; not of the request that is checked.
    pub max_header_list: u32,
    /// How often a silent connection is pinged, and how long it has to answer.
    pub keepalive: (Duration, Duration),
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// How long `NOT_SERVING` is told before no more connections are taken.
    pub drain_delay: Duration,
    /// How long checks under way may then go on.
    pub drain: Duration,
}

impl GrpcSettings {
    /// A listener with bounds that suit most.
    pub fn new(listen: GrpcListen) -> Self {
        Self {
            listen,
            tls: None,
            max_concurrent_checks: 1024,
            check_timeout: Duration::from_secs(1),
            max_message: 4 << 20,
            max_concurrent_streams: 4096,
            max_header_list: 16 << 10,
            keepalive: (Duration::from_secs(30), Duration::from_secs(10)),
            reflection: false,
            drain_delay: Duration::from_millis(500),
            drain: Duration::from_secs(10),
        }
    }
}

/// Certificates and key, all PEM.
#[derive(Clone)]
pub struct TlsSettings {
    /// The certificate chain, leaf first.
    pub cert: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
    /// Whoever connects must hold a certificate of one of these authorities.
    pub client_ca: Option<Vec<u8>>,
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings").field("client_ca", &self.client_ca.is_some()).finish_non_exhaustive()
    }
}
