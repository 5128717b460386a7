use std::fmt;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::{Role, Timestamp, UserId};
use serde::Serialize;

use super::KeyError;
use super::key::{checked_kid, checked_secret};

/// Makes tokens, for the command line and for tests.
pub struct Signer {
    header: Header,
    key: EncodingKey,
    issuer: String,
    audience: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?}, {:?})", self.header.kid, self.header.alg)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    role: &'a str,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl Signer {
    /// Signs with a shared secret of at least [`SECRET_BYTES_MIN`](super::SECRET_BYTES_MIN).
    pub fn hs256(
        kid: &str,
        secret: &[u8],
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let key = EncodingKey::from_secret(checked_secret(secret)?);
        Self::new(kid, Algorithm::HS256, key, issuer.into(), audience.into())
    }

    /// Signs with an Ed25519 private key in PEM (PKCS #8).
    pub fn eddsa(
        kid: &str,
        private_pem: &[u8],
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let key = EncodingKey::from_ed_pem(private_pem).map_err(|_| KeyError::NotEd25519)?;
        Self::new(kid, Algorithm::EdDSA, key, issuer.into(), audience.into())
    }

    fn new(
        kid: &str,
        algorithm: Algorithm,
        key: EncodingKey,
        issuer: String,
        audience: String,
    ) -> Result<Self, KeyError> {
        // Whether the key can sign shows only when it does.
        jsonwebtoken::crypto::sign(b"", &key, algorithm).map_err(|_| KeyError::NotEd25519)?;
        let mut header = Header::new(algorithm);
        header.kid = Some(checked_kid(kid)?);
        Ok(Self { header, key, issuer, audience })
    }

    /// A token valid from `now`, for `ttl_s` seconds.
    pub fn sign(&self, user: &UserId, role: Role, now: Timestamp, ttl_s: u32) -> String {
        let iat = now.0.div_euclid(1_000);
        let claims = Claims {
            sub: user.as_str(),
            role: role.as_str(),
            iss: &self.issuer,
            aud: &self.audience,
            iat,
            exp: iat + i64::from(ttl_s),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.key)
            .expect("the key has signed before, and the claims are text and numbers")
    }
}
