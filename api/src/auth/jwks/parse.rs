use data_encoding::BASE64URL_NOPAD;
use serde_json::value::RawValue;

use crate::auth::VerifyingKey;
use crate::auth::claims::{Claims, text_of, texts_of};
use crate::auth::key::{Algorithm, checked_kid};

/// The longest JWKS that is read, bytes.
pub const JWKS_BYTES_MAX: usize = 64 * 1_024;

/// The most keys in one.
pub const JWKS_KEYS_MAX: usize = 32;

/// The length of a coordinate on P-256, bytes.
const COORDINATE_BYTES: usize = 32;

/// Why a JWKS can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Over [`JWKS_BYTES_MAX`].
    #[error("it is over {JWKS_BYTES_MAX} bytes")]
    TooLong,
    /// No JSON object with a list `keys`.
    #[error("it is no JWKS, which is a JSON object with a list of keys")]
    Malformed,
    /// Over [`JWKS_KEYS_MAX`].
    #[error("it has more than {JWKS_KEYS_MAX} keys")]
    TooMany,
    /// No key that a token could be verified with.
    #[error("it has no key for signatures by RS256 (2,048 bits or more), ES256 or EdDSA")]
    NoneUsable,
}

/// The keys of a JWKS that tokens can be verified with.
#[derive(Debug)]
pub struct Jwks {
    /// At least one.
    pub keys: Vec<VerifyingKey>,
    /// How many others there are: for other purposes or of other algorithms, too weak, or named by more bytes than any is.
    pub passed_over: usize,
}

/// The keys of a JWKS that tokens can be verified with. Shared secrets are passed over too, which nobody publishes on purpose.
pub fn jwks(json: &[u8]) -> Result<Jwks, JwksError> {
    if json.len() > JWKS_BYTES_MAX {
        return Err(JwksError::TooLong);
    }
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let members = Claims::read(json).ok_or(JwksError::Malformed)?;
    let all: Vec<&RawValue> = members
        .get("keys")
        .and_then(|keys| serde_json::from_str(keys).ok())
        .ok_or(JwksError::Malformed)?;
    if all.len() > JWKS_KEYS_MAX {
        return Err(JwksError::TooMany);
    }
    let mut keys: Vec<VerifyingKey> = Vec::new();
    for key in all.iter().filter_map(|jwk| key_of(&Claims::read(jwk.get().as_bytes())?)) {
        // Of two that can't be told apart by a token the first counts.
        if !keys.iter().any(|it| it.kid == key.kid && it.algorithm == key.algorithm) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Err(JwksError::NoneUsable);
    }
    let passed_over = all.len() - keys.len();
    Ok(Jwks { keys, passed_over })
}

fn key_of(jwk: &Claims<'_>) -> Option<VerifyingKey> {
    if !is_for_signatures(jwk) {
        return None;
    }
    let text = |name| jwk.get(name).and_then(text_of);
    let bytes = |name| BASE64URL_NOPAD.decode(text(name)?.trim_end_matches('=').as_bytes()).ok();
    let kid = match jwk.get("kid") {
        Some(kid) => Some(checked_kid(&text_of(kid)?).ok()?),
        None => None,
    };
    let named = |algorithm: Algorithm| match jwk.get("alg") {
        Some(alg) => text_of(alg).is_some_and(|alg| algorithm.is_named(&alg)),
        None => true,
    };
    match (&*text("kty")?, text("crv").as_deref()) {
        ("RSA", _) if named(Algorithm::Rs256) => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            VerifyingKey::rsa_components(kid, significant(&n), significant(&e)).ok()
        }
        ("EC", Some("P-256")) if named(Algorithm::Es256) => {
            let point = [vec![4], coordinate(&bytes("x")?)?, coordinate(&bytes("y")?)?].concat();
            VerifyingKey::p256(kid, &point).ok()
        }
        ("OKP", Some("Ed25519")) if named(Algorithm::EdDsa) => {
            let key = bytes("x").filter(|key| key.len() == 32)?;
            VerifyingKey::ed25519(kid, &key).ok()
        }
        _ => None,
    }
}

/// By `use` and `key_ops`; whatever says neither may be for anything.
fn is_for_signatures(jwk: &Claims<'_>) -> bool {
    let by_use = jwk.get("use").is_none_or(|it| text_of(it).as_deref() == Some("sig"));
    let verifies = |it| texts_of(it).is_some_and(|all| all.iter().any(|op| op == "verify"));
    by_use && jwk.get("key_ops").is_none_or(verifies)
}

/// Without the zeros that some issuers write before a number.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// With the zeros that some issuers leave out.
fn coordinate(number: &[u8]) -> Option<Vec<u8>> {
    let number = significant(number);
    let zeros = COORDINATE_BYTES.checked_sub(number.len())?;
    Some([&vec![0; zeros], number].concat())
}
