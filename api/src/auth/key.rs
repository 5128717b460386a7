use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};

use super::KeyError;

/// The shortest HS256 secret: as long as the hash (RFC 7518, 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

const KEY_ID_BYTES_MAX: usize = 64;

/// A key that tokens are verified with; its name and its one algorithm are fixed here, not by the token.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({:?}, {:?})", self.kid, self.algorithm)
    }
}

pub(super) fn checked_kid(kid: &str) -> Result<String, KeyError> {
    if kid.is_empty() || kid.len() > KEY_ID_BYTES_MAX {
        return Err(KeyError::BadKeyId);
    }
    Ok(kid.to_owned())
}

pub(super) fn checked_secret(secret: &[u8]) -> Result<&[u8], KeyError> {
    if secret.len() < SECRET_BYTES_MIN { Err(KeyError::ShortSecret) } else { Ok(secret) }
}

impl VerifyingKey {
    /// A shared secret of at least [`SECRET_BYTES_MIN`].
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Self, KeyError> {
        let key = DecodingKey::from_secret(checked_secret(secret)?);
        Ok(Self { kid: checked_kid(kid)?, algorithm: Algorithm::HS256, key })
    }

    /// An Ed25519 public key in PEM (SPKI).
    pub fn eddsa(kid: &str, public_pem: &[u8]) -> Result<Self, KeyError> {
        let key = DecodingKey::from_ed_pem(public_pem).map_err(|_| KeyError::NotEd25519)?;
        if key.try_get_as_bytes().map_or(0, <[u8]>::len) != 32 {
            return Err(KeyError::NotEd25519);
        }
        Ok(Self { kid: checked_kid(kid)?, algorithm: Algorithm::EdDSA, key })
    }
}
