use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// Connects to servers for whom one of the authorities in the file vouches, or one of this machine's where there is no file.
/// `setting` is what names it.
pub(crate) fn connector(ca_file: Option<&Path>, setting: &str) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let unusable = |e: &dyn std::fmt::Display| format!("{setting} {}: {e}", path.display());
        let all = CertificateDer::pem_file_iter(path).map_err(|e| unusable(&e))?;
        for certificate in all {
            let certificate = certificate.map_err(|e| unusable(&e))?;
            roots.add(certificate).map_err(|e| unusable(&e))?;
        }
        if roots.is_empty() {
            return Err(unusable(&"it has no certificate"));
        }
    } else {
        // Whatever of this machine's can't be read isn't trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(format!(
                "https needs certificates of authorities, and this machine has none: install ca-certificates, or set {setting}"
            ));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
