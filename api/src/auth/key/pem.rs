//! Public keys in PEM (RFC 7468).

use data_encoding::BASE64;

use super::KeyError;

/// The DER of the first public key in the text; none if it isn't PEM, and an error for what people take for one.
pub(super) fn public_key(text: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
    let text = String::from_utf8_lossy(text);
    let Some((label, behind)) =
        text.split_once("-----BEGIN ").and_then(|(_, behind)| behind.split_once("-----"))
    else {
        return Ok(None);
    };
    if label.ends_with("PRIVATE KEY") {
        return Err(KeyError::PrivateKey);
    }
    if label.ends_with("CERTIFICATE") {
        return Err(KeyError::Certificate);
    }
    if !matches!(label, "PUBLIC KEY" | "RSA PUBLIC KEY") {
        return Ok(None);
    }
    let Some((base64, _)) = behind.split_once(&format!("-----END {label}-----")) else {
        return Ok(None);
    };
    let base64: String = base64.chars().filter(|it| !it.is_ascii_whitespace()).collect();
    Ok(BASE64.decode(base64.as_bytes()).ok())
}
