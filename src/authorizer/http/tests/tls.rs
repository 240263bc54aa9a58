//! TLS, with and without certificates of the clients.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::super::{HttpListener, HttpSettings, HttpTls, InvalidTls, ServeError};
use super::support::Served;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    fn listener(&self, mutual: bool) -> HttpTls {
        let (certificate, key) = self.issue("orders.example");
        HttpTls {
            certificates: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
            client_authorities: mutual.then(|| self.0.pem().into_bytes()),
        }
    }
}

/// The first bytes of the answer to a probe; an error where the handshake fails.
async fn probe(
    address: SocketAddr,
    authority: &Authority,
    own: Option<(rcgen::Certificate, KeyPair)>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
    };
    let name = ServerName::try_from("orders.example").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = StreamOwned::new(session, TcpStream::connect(address)?);
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
        let mut first = [0; 12];
        stream.read_exact(&mut first)?;
        Ok(String::from_utf8_lossy(&first).into_owned())
    });
    asking.await.unwrap()
}

#[tokio::test]
async fn the_listener_speaks_tls() {
    let authority = Authority::new();
    let served = Served::under(authority.listener(false));
    assert_eq!(probe(served.address, &authority, None).await.unwrap(), "HTTP/1.1 200");
    assert!(probe(served.address, &Authority::new(), None).await.is_err());
}

#[tokio::test]
async fn with_client_authorities_nobody_else_gets_in() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let served = Served::under(authority.listener(true));
    let own = Some(authority.issue("prober"));
    assert_eq!(probe(served.address, &authority, own).await.unwrap(), "HTTP/1.1 200");
    assert!(probe(served.address, &authority, None).await.is_err());
    assert!(probe(served.address, &authority, Some(stranger.issue("prober"))).await.is_err());
}

#[test]
fn certificates_that_cannot_be_used_are_told_before_listening() {
    let authority = Authority::new();
    let bind = |tls: HttpTls| {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = HttpSettings { address, tls: Some(tls), drain: std::time::Duration::ZERO };
        match HttpListener::bind(&settings) {
            Err(ServeError::Tls(fault)) => fault,
            other => panic!("{other:?}"),
        }
    };
    let nothing = || b"nothing".to_vec();
    let tls = || authority.listener(true);
    assert!(matches!(bind(HttpTls { certificates: nothing(), ..tls() }), InvalidTls::NoCertificate));
    assert!(matches!(bind(HttpTls { key: nothing(), ..tls() }), InvalidTls::NoKey));
    assert!(matches!(bind(HttpTls { client_authorities: Some(nothing()), ..tls() }), InvalidTls::NoAuthority));
    assert!(matches!(bind(HttpTls { key: tls().key, ..tls() }), InvalidTls::Unusable(_)));
    assert!(!format!("{:?}", tls()).contains("PRIVATE"));
}
