use model::Faults;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error as TlsError};

use super::purpose;

/// What some editors write at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a chain in PEM, the server's certificate first, and its key; `names` are those of their files.
pub(super) fn certified(
    (certificate, key): (&[u8], &[u8]),
    names: (&str, &str),
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Faults> {
    let mut faults = Faults::default();
    let chain = faults.check(chain(certificate).map_err(|why| format!("{}: {why}", names.0)));
    let private = faults.check(private_key(key).map_err(|why| format!("{}: {why}", names.1)));
    let (Some(chain), Some(private)) = (chain, private) else { return Err(faults) };
    let unsuitable = chain.first().and_then(|first| purpose::fault(first));
    faults.check(unsuitable.map_or(Ok(()), |why| Err(format!("{}: {why}", names.0))));
    let made = CertifiedKey::from_der(chain, private, provider).map_err(|error| match error {
        TlsError::InconsistentKeys(_) => format!(
            "{} and {} don't belong together: the first certificate must be that of the key",
            names.0, names.1
        ),
        TlsError::InvalidCertificate(CertificateError::BadEncoding) => {
            format!("{}: this is no certificate", names.0)
        }
        TlsError::General(_) => format!(
            "{}: no key that TLS takes here: RSA of 2048 bits and more, P-256, P-384, P-521 or Ed25519",
            names.1
        ),
        other => format!("{} isn't for a server: {other}", names.0),
    });
    let made = faults.check(made);
    made.filter(|_| faults.is_empty()).ok_or(faults)
}

fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(without_mark(text)).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(
            "no certificate in PEM (-----BEGIN CERTIFICATE-----): put the chain there, the server's first",
        ),
        Ok(chain) => Ok(chain),
        Err(error) => Err(broken(&error)),
    }
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, &'static str> {
    let text = without_mark(text);
    PrivateKeyDer::from_pem_slice(text).map_err(|error| {
        if text.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
            "the key has a password: `openssl pkey -in FILE -out NEW` writes one without"
        } else if matches!(error, PemError::NoItemsFound) {
            "no private key in PEM (-----BEGIN PRIVATE KEY-----)"
        } else {
            broken(&error)
        }
    })
}

/// Stands in a key with a password.
const ENCRYPTED: &[u8] = b"ENCRYPTED";

fn broken(error: &PemError) -> &'static str {
    match error {
        PemError::MissingSectionEnd { .. } => "it breaks off: the line -----END is missing",
        PemError::Base64Decode(_) => "what stands between -----BEGIN and -----END isn't base64",
        _ => "it isn't PEM as it has to be",
    }
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}
