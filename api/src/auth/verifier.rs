use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use model::{Timestamp, UserId};
use serde::Deserialize;

use super::{Caller, KeyFault, Role, TokenFault, VerifyingKey};

/// The longest token that is looked at, bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// Verifies tokens (JWT, RFC 7519; JWS compact form, RFC 7515).
///
/// A token chooses neither its algorithm nor its key beyond naming it: each key has one algorithm. That is what defeats
/// `alg: none` and a public key used as a shared secret.
pub struct Verifier {
    keys: Vec<VerifyingKey>,
    issuer: String,
    audience: String,
    leeway_ms: i64,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

/// Times are seconds, possibly with a fraction (RFC 7519, 2).
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    iss: Option<String>,
    aud: Option<Audience>,
    role: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, us: &str) -> bool {
        match self {
            Self::One(one) => one == us,
            Self::Many(many) => many.iter().any(|one| one == us),
        }
    }
}

fn timestamp(seconds: f64) -> Timestamp {
    Timestamp((seconds * 1_000.0) as i64)
}

/// One part of a token: a JSON object in base64url.
fn part<'de, T: Deserialize<'de>>(text: &str, into: &'de mut Vec<u8>) -> Result<T, TokenFault> {
    *into = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Malformed)?;
    // A struct would also be read from an array.
    if into.first() != Some(&b'{') {
        return Err(TokenFault::Malformed);
    }
    serde_json::from_slice(into).map_err(|_| TokenFault::Malformed)
}

impl Verifier {
    /// `leeway_s` is how far the clocks of issuer and server may differ, seconds.
    pub fn new(
        keys: Vec<VerifyingKey>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        leeway_s: u32,
    ) -> Result<Self, KeyFault> {
        if keys.is_empty() {
            return Err(KeyFault::NoKeys);
        }
        let repeated =
            |(at, key): (usize, &VerifyingKey)| keys[..at].iter().any(|k| k.kid == key.kid);
        if keys.iter().enumerate().any(repeated) {
            return Err(KeyFault::RepeatedKeyId);
        }
        Ok(Self {
            keys,
            issuer: issuer.into(),
            audience: audience.into(),
            leeway_ms: i64::from(leeway_s) * 1_000,
        })
    }

    /// Who the token says its bearer is, if it is valid at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenFault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenFault::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenFault::Malformed)?;
        if payload.contains('.') {
            return Err(TokenFault::Malformed);
        }
        let mut buffer = Vec::new();
        let header: Header = part(header, &mut buffer)?;
        let key = self.key_for(&header)?;
        // The library compares in constant time and errs on a signature that isn't base64url.
        let signed =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, key.algorithm);
        if !signed.unwrap_or(false) {
            return Err(TokenFault::BadSignature);
        }
        let claims: Claims = part(payload, &mut buffer)?;
        self.judge(&claims, now)
    }

    fn key_for(&self, header: &Header) -> Result<&VerifyingKey, TokenFault> {
        if header.crit.is_some() {
            return Err(TokenFault::Critical);
        }
        let key = match (&header.kid, self.keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid == *kid),
            (None, [only]) => Some(only),
            (None, _) => return Err(TokenFault::NoKeyId),
        };
        let key = key.ok_or(TokenFault::UnknownKey)?;
        let expected = match key.algorithm {
            Algorithm::EdDSA => "EdDSA",
            _ => "HS256",
        };
        if header.alg != expected {
            return Err(TokenFault::WrongAlgorithm);
        }
        Ok(key)
    }

    fn judge(&self, claims: &Claims, now: Timestamp) -> Result<Caller, TokenFault> {
        let expires = timestamp(claims.exp.ok_or(TokenFault::NoExpiry)?);
        if now - expires >= self.leeway_ms {
            return Err(TokenFault::Expired);
        }
        for start in [claims.nbf, claims.iat].into_iter().flatten() {
            if timestamp(start) - now > self.leeway_ms {
                return Err(TokenFault::NotYetValid);
            }
        }
        if claims.iss.as_deref() != Some(&self.issuer) {
            return Err(TokenFault::WrongIssuer);
        }
        if !claims.aud.as_ref().is_some_and(|audience| audience.names(&self.audience)) {
            return Err(TokenFault::WrongAudience);
        }
        let subject = claims.sub.as_deref().ok_or(TokenFault::NoSubject)?;
        let user = UserId::parse(subject).map_err(TokenFault::BadSubject)?;
        let role = match &claims.role {
            None => Role::User,
            Some(word) => Role::parse(word).ok_or(TokenFault::UnknownRole)?,
        };
        Ok(Caller { user, role, expires })
    }
}
