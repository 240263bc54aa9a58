//! Where the authorizer listens, and with which certificates. Never its identity: that is each resource's `issuer`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::error::{Fault, quotable};
use super::reader::{Parsed, Section};

/// The two listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Where proxies ask.
    pub grpc: GrpcListen,
    /// Metadata, keys, authorization, revocation, health and metrics.
    pub http: SocketAddr,
    /// Certificates of the gRPC listener; clear text without.
    pub grpc_tls: Option<Tls>,
    /// Certificates of the HTTP listener; clear text without.
    pub http_tls: Option<Tls>,
}

/// Where proxies ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrpcListen {
    /// An address and port.
    Tcp(SocketAddr),
    /// A Unix socket, as `unix:/run/authorizer.sock`.
    Unix(PathBuf),
}

/// A listener's certificates, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, leaf first.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Whoever connects must hold a certificate of one of these authorities.
    pub client_ca_file: Option<PathBuf>,
}

impl Default for Listen {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self { grpc: GrpcListen::Tcp(local(7070)), http: local(8081), grpc_tls: None, http_tls: None }
    }
}

impl Listen {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut listen = Self::default();
        section.set("grpc", &mut listen.grpc, |text| match text.strip_prefix("unix:") {
            Some("") => Err(Fault::new("`unix:` names no socket").hint("write `unix:/run/x.sock`")),
            Some(path) => section.new_file(path.strip_prefix("//").unwrap_or(path)).map(GrpcListen::Unix),
            None => address(text).map(GrpcListen::Tcp),
        });
        section.set("http", &mut listen.http, address);
        listen.grpc_tls = tls(section, "grpc_tls");
        listen.http_tls = tls(section, "http_tls");
        // Port 0 lets the system choose, so two of them do not collide.
        if matches!(&listen.grpc, GrpcListen::Tcp(grpc) if *grpc == listen.http && grpc.port() != 0) {
            section.wrong(
                "http",
                Fault::new("is the address of `listen.grpc` too").hint("give each listener its own port"),
            );
        }
        if listen.grpc_tls.is_some() && matches!(listen.grpc, GrpcListen::Unix(_)) {
            section.wrong("grpc_tls", Fault::new("a Unix socket has no TLS"));
        }
        listen
    }
}

fn tls(section: &Section<'_>, key: &'static str) -> Option<Tls> {
    let tls = section.optional_section(key)?;
    let (cert_file, key_file) = (tls.required_file("cert_file"), tls.required_secret_file("key_file"));
    let client_ca_file = tls.file("client_ca_file");
    Some(Tls { cert_file: cert_file?, key_file: key_file?, client_ca_file })
}

/// `127.0.0.1:7070`, `[::1]:7070`, `localhost:7070`, or `:7070` for every IPv4 address, as Go has it.
fn address(text: &str) -> Parsed<SocketAddr> {
    let port = |rest: &str| rest.parse::<u16>().ok();
    let of = |ip| move |port| SocketAddr::new(IpAddr::V4(ip), port);
    let parsed = if let Some(rest) = text.strip_prefix(':') {
        port(rest).map(of(Ipv4Addr::UNSPECIFIED))
    } else if let Some(rest) = text.strip_prefix("localhost:") {
        port(rest).map(of(Ipv4Addr::LOCALHOST))
    } else {
        text.parse().ok()
    };
    parsed.ok_or_else(|| {
        Fault::new(format!("`{}` is not an address and port", quotable(text))).hint("write `127.0.0.1:7070`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_generations() {
        for (text, parsed) in [
            ("127.0.0.1:7070", "127.0.0.1:7070"),
            (":7070", "0.0.0.0:7070"),
            ("localhost:0", "127.0.0.1:0"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(address(text).unwrap(), parsed.parse().unwrap());
        }
        for bad in ["7070", "127.0.0.1", ":", ":99999", "authorizer:7070", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
