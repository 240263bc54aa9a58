//! TLS for the HTTP listener, from PEM.

use std::fmt;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// The certificates of a listener, all PEM.
pub struct HttpTls {
    /// The certificate chain, leaf first.
    pub certificates: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
    /// Whoever connects must hold a certificate of one of these authorities.
    pub client_authorities: Option<Vec<u8>>,
}

impl fmt::Debug for HttpTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTls").field("mutual", &self.client_authorities.is_some()).finish_non_exhaustive()
    }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// No certificate in what should be a chain.
    #[error("the certificate file holds no PEM certificate")]
    NoCertificate,
    /// No private key.
    #[error("the key file holds no PEM private key")]
    NoKey,
    /// No authority that could have signed a client's certificate.
    #[error("the client authorities file holds no usable PEM certificate")]
    NoAuthority,
    /// They do not fit together.
    #[error("the certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl HttpTls {
    pub(super) fn config(&self) -> Result<RustlsConfig, InvalidTls> {
        let chain = certificates(&self.certificates).filter(|chain| !chain.is_empty());
        let chain = chain.ok_or(InvalidTls::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| InvalidTls::NoKey)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = match &self.client_authorities {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let roots = Arc::new(authorities(pem).ok_or(InvalidTls::NoAuthority)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().map_err(|_| InvalidTls::NoAuthority)?)
            }
        };
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(RustlsConfig::from_config(Arc::new(config)))
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()
}

fn authorities(pem: &[u8]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}
