//! TLS with the system's root certificates. They are read when the first server is verified, once in
//! a process: reading them takes milliseconds, and most processes start without a request over HTTPS.

use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// The verifier of this process; `None` without root certificates.
static VERIFIER: LazyLock<Option<Arc<WebPkiServerVerifier>>> = LazyLock::new(verifier);

/// TLS by ring. Without root certificates a machine can still talk to itself: each request over HTTPS
/// fails, and the log says why.
pub(crate) fn tls_config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = SystemRoots(Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
}

fn verifier() -> Option<Arc<WebPkiServerVerifier>> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (_added, _malformed) = roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() {
        Ok(verifier) => Some(verifier),
        Err(error) => {
            tracing::warn!(%error, causes = ?found.errors, "no root certificates found, no request over HTTPS will succeed; Debian has them in the package ca-certificates");
            None
        }
    }
}

/// Verifies servers as [`WebPkiServerVerifier`] does, with the roots of [`VERIFIER`].
#[derive(Debug)]
struct SystemRoots(Arc<CryptoProvider>);

impl ServerCertVerifier for SystemRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verifier = VERIFIER.as_ref();
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        verifier.ok_or_else(unknown)?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate that no root has issued is refused, with or without roots.
    #[test]
    fn unknown_certificate_is_refused() {
        let verifier = SystemRoots(Arc::new(rustls::crypto::ring::default_provider()));
        let certificate = CertificateDer::from(vec![0x30, 0x00]);
        let name = ServerName::try_from("example.com").unwrap();
        let verified = verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now());
        assert!(
            matches!(verified, Err(Error::InvalidCertificate(_))),
            "{verified:?}"
        );
    }

    /// The roots are not read before a server is verified.
    #[test]
    fn schemes_are_those_of_the_provider() {
        let provider = rustls::crypto::ring::default_provider();
        let expected = provider
            .signature_verification_algorithms
            .supported_schemes();
        let verifier = SystemRoots(Arc::new(provider));
        assert_eq!(verifier.supported_verify_schemes(), expected);
    }
}
