mod pem;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::KeyError;

/// The shortest HS256 secret: as long as the hash (RFC 7518, 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// The shortest RSA modulus (RFC 7518, 3.3), and the longest one that the library verifies with, bits.
pub const RSA_BITS_MIN: usize = 2_048;
const RSA_BITS_MAX: usize = 8_192;

/// The longest name of a key, bytes: some issuers name them by a hash or an address.
const KEY_ID_BYTES_MAX: usize = 1_024;

/// A way to sign (RFC 7518, 3.1; RFC 8037, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Whether a token with this `alg` can be of a key that its issuer publishes. Shared secrets aren't.
    pub(super) fn may_be_published(alg: &str) -> bool {
        [Self::Rs256, Self::Es256, Self::EdDsa].iter().any(|published| published.is_named(alg))
    }

    /// Whether a token or a JWK means this one by `alg`. Ed25519 has a name of its own since RFC 9864.
    pub(super) fn is_named(self, alg: &str) -> bool {
        match self {
            Self::Hs256 => alg == "HS256",
            Self::Rs256 => alg == "RS256",
            Self::Es256 => alg == "ES256",
            Self::EdDsa => matches!(alg, "EdDSA" | "Ed25519"),
        }
    }
}

/// A key that tokens are verified with; its name and its one algorithm are fixed here, not by the token.
pub struct VerifyingKey {
    /// None for a key without a name: of a JWKS only tokens that name none can be of it, of settings whatever they name.
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    material: Material,
    /// Tells keys apart.
    fingerprint: [u8; 32],
    /// Its issuer doesn't have it any more.
    removed: AtomicBool,
}

enum Material {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
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
        let secret = checked_secret(secret)?;
        let material = Material::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        Ok(Self::new(Some(checked_kid(kid)?), Algorithm::Hs256, material, secret))
    }

    /// An Ed25519 public key in PEM (SPKI).
    pub fn eddsa(kid: &str, public_pem: &[u8]) -> Result<Self, KeyError> {
        let der = pem::public_key(public_pem)?.ok_or(KeyError::NotEd25519)?;
        Self::ed25519(Some(checked_kid(kid)?), &der)
    }

    /// A P-256 public key in PEM (SPKI).
    pub fn es256(kid: &str, public_pem: &[u8]) -> Result<Self, KeyError> {
        let der = pem::public_key(public_pem)?.ok_or(KeyError::NotP256)?;
        Self::p256(Some(checked_kid(kid)?), &der)
    }

    /// An RSA public key of at least [`RSA_BITS_MIN`] in PEM (SPKI or PKCS #1).
    pub fn rs256(kid: &str, public_pem: &[u8]) -> Result<Self, KeyError> {
        let der = pem::public_key(public_pem)?.ok_or(KeyError::NotRsa)?;
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der);
        Self::rsa(Some(checked_kid(kid)?), key.map_err(|_| KeyError::NotRsa)?)
    }

    /// The same without a name: whatever tokens call it.
    #[must_use]
    pub fn of_any_name(self) -> Self {
        Self { kid: None, ..self }
    }

    /// An Ed25519 public key: its 32 bytes, or SPKI.
    pub(super) fn ed25519(kid: Option<String>, key: &[u8]) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(&ED25519, key).map_err(|_| KeyError::NotEd25519)?;
        Ok(Self::public(kid, Algorithm::EdDsa, key))
    }

    /// A P-256 public key: its point, uncompressed, or SPKI.
    pub(super) fn p256(kid: Option<String>, key: &[u8]) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        Ok(Self::public(kid, Algorithm::Es256, key.map_err(|_| KeyError::NotP256)?))
    }

    /// An RSA public key by its modulus and exponent, big-endian without leading zeros.
    pub(super) fn rsa_components(
        kid: Option<String>,
        n: &[u8],
        e: &[u8],
    ) -> Result<Self, KeyError> {
        let components = RsaPublicKeyComponents { n, e };
        let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        Self::rsa(kid, key.map_err(|_| KeyError::NotRsa)?)
    }

    fn rsa(kid: Option<String>, key: ParsedPublicKey) -> Result<Self, KeyError> {
        let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::NotRsa)?;
        // The library looks at a key's size only when it verifies, so this asks its other half.
        let bits = PublicEncryptingKey::from_der(der.as_ref()).map(|key| key.key_size_bits());
        if !bits.is_ok_and(|bits| (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits)) {
            return Err(KeyError::RsaSize);
        }
        Ok(Self::public(kid, Algorithm::Rs256, key))
    }

    fn public(kid: Option<String>, algorithm: Algorithm, key: ParsedPublicKey) -> Self {
        let bytes = key.as_ref().to_vec();
        Self::new(kid, algorithm, Material::Public(key), &bytes)
    }

    fn new(kid: Option<String>, algorithm: Algorithm, material: Material, bytes: &[u8]) -> Self {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self { kid, algorithm, material, fingerprint, removed: AtomicBool::new(false) }
    }

    /// Whether this is the signature of the message by this key. Compares in constant time what is secret.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }

    /// Whether both are the same key, under the same name.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.algorithm == other.algorithm
            && self.fingerprint == other.fingerprint
    }

    /// Its issuer doesn't have it any more: nothing that it has signed counts from now on.
    pub(super) fn remove(&self) {
        self.removed.store(true, Ordering::Release);
    }

    /// Whether what it has signed still counts.
    pub fn is_in_use(&self) -> bool {
        !self.removed.load(Ordering::Acquire)
    }
}
