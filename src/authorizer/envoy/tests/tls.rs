//! Certificates on both sides.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::peers::{ALLOWED, Edge, ask, forwarded, settings, verdict};
use crate::authorizer::envoy::{GrpcServer, GrpcSettings, ServeError, TlsSettings};
use crate::authorizer::resource::AccessMode;
use crate::authorizer::testkit::{Kit, agent_token, request, signed};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

fn tls(authority: &Authority, clients: Option<&Authority>) -> GrpcSettings {
    let (cert, key) = authority.issue("authorizer.example");
    let client_ca = clients.map(|clients| clients.pem().into_bytes());
    GrpcSettings { tls: Some(TlsSettings { cert: cert.into(), key: key.into(), client_ca }), ..settings() }
}

async fn connect(edge: &Edge, authority: &Authority, client: Option<(String, String)>) -> Option<Channel> {
    let mut config =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("authorizer.example");
    if let Some((cert, key)) = client {
        config = config.identity(Identity::from_pem(cert, key));
    }
    let uri = format!("https://127.0.0.1:{}", edge.port);
    Endpoint::from_shared(uri).unwrap().tls_config(config).unwrap().connect().await.ok()
}

#[tokio::test]
async fn checks_pass_over_tls() {
    let authority = Authority::new();
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), tls(&authority, None)).await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    let channel = connect(&edge, &authority, None).await.unwrap();
    assert_eq!(verdict(&ask(channel, check).await), ALLOWED);
    assert!(connect(&edge, &Authority::new(), None).await.is_none());
}

#[tokio::test]
async fn with_client_authorities_only_their_clients_are_served() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let edge = Edge::start(Kit::new(AccessMode::AgentToken), tls(&authority, Some(&clients))).await;
    let check = forwarded(&signed(&request("GET", "/v1/orders"), &agent_token()));
    let channel = connect(&edge, &authority, Some(clients.issue("gateway"))).await.unwrap();
    assert_eq!(verdict(&ask(channel, check.clone()).await), ALLOWED);
    for stranger in [None, Some(Authority::new().issue("gateway"))] {
        // TLS 1.3 tells a client that it is refused with its first call only.
        let Some(channel) = connect(&edge, &authority, stranger).await else { continue };
        let mut client =
            envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient::new(channel);
        assert!(client.check(check.clone()).await.is_err());
    }
    assert_eq!(edge.told.all().len(), 1);
}

#[tokio::test]
async fn a_certificate_that_is_none_is_told_at_start() {
    let tls = TlsSettings { cert: b"nonsense".to_vec(), key: b"secret".to_vec(), client_ca: None };
    assert!(!format!("{tls:?}").contains("115"), "{tls:?}");
    let error = GrpcServer::bind(GrpcSettings { tls: Some(tls), ..settings() }).await.unwrap_err();
    assert!(matches!(error, ServeError::Tls(_)), "{error}");
}
