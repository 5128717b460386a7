use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::Algorithm;
use model::{Caller, Role, Timestamp, UserId};
use serde::Deserialize;

use super::memo::{Claimed, Memo};
use super::{KeyError, TokenError, VerifyingKey};

/// The longest token that is looked at, bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// Verifies tokens (JWT, RFC 7519; JWS compact form, RFC 7515).
///
/// A token chooses neither its algorithm nor its key beyond naming it: each key has one algorithm. That is what defeats
/// `alg: none` and a public key used as a shared secret.
///
/// What was verified is remembered, up to [`TOKENS_REMEMBERED_MAX`](super::TOKENS_REMEMBERED_MAX) tokens; a token that
/// was refused never is.
pub struct Verifier {
    keys: Vec<VerifyingKey>,
    issuer: String,
    audience: String,
    leeway_ms: i64,
    memo: Memo,
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
fn part<'de, T: Deserialize<'de>>(text: &str, into: &'de mut Vec<u8>) -> Result<T, TokenError> {
    *into = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TokenError::Malformed)?;
    // A struct would also be read from an array.
    if into.first() != Some(&b'{') {
        return Err(TokenError::Malformed);
    }
    serde_json::from_slice(into).map_err(|_| TokenError::Malformed)
}

impl Verifier {
    /// `leeway_s` is how far the clocks of issuer and server may differ, seconds.
    pub fn new(
        keys: Vec<VerifyingKey>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        leeway_s: u32,
    ) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::NoKeys);
        }
        let repeated =
            |(at, key): (usize, &VerifyingKey)| keys[..at].iter().any(|k| k.kid == key.kid);
        if keys.iter().enumerate().any(repeated) {
            return Err(KeyError::RepeatedKeyId);
        }
        Ok(Self {
            keys,
            issuer: issuer.into(),
            audience: audience.into(),
            leeway_ms: i64::from(leeway_s) * 1_000,
            memo: Memo::default(),
        })
    }

    /// Who the token says its bearer is, if it is valid at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        if let Some(known) = self.memo.recall(token) {
            self.judge_time(known.caller.expires, known.starts, now)?;
            return Ok(known.caller);
        }
        let claimed = self.read(token, now)?;
        self.memo.keep(token, claimed.clone());
        Ok(claimed.caller)
    }

    fn read(&self, token: &str, now: Timestamp) -> Result<Claimed, TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let mut buffer = Vec::new();
        let header: Header = part(header, &mut buffer)?;
        let key = self.key_for(&header)?;
        // The library compares in constant time and errs on a signature that isn't base64url.
        let signed =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, key.algorithm);
        if !signed.unwrap_or(false) {
            return Err(TokenError::BadSignature);
        }
        let claims: Claims = part(payload, &mut buffer)?;
        self.judge(&claims, now)
    }

    fn key_for(&self, header: &Header) -> Result<&VerifyingKey, TokenError> {
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let key = match (&header.kid, self.keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid == *kid),
            (None, [only]) => Some(only),
            (None, _) => return Err(TokenError::NoKeyId),
        };
        let key = key.ok_or(TokenError::UnknownKey)?;
        let expected = match key.algorithm {
            Algorithm::EdDSA => "EdDSA",
            _ => "HS256",
        };
        if header.alg != expected {
            return Err(TokenError::WrongAlgorithm);
        }
        Ok(key)
    }

    fn judge(&self, claims: &Claims, now: Timestamp) -> Result<Claimed, TokenError> {
        let expires = timestamp(claims.exp.ok_or(TokenError::NoExpiry)?);
        let starts = [claims.nbf, claims.iat].into_iter().flatten().map(timestamp).max();
        self.judge_time(expires, starts, now)?;
        if claims.iss.as_deref() != Some(&self.issuer) {
            return Err(TokenError::WrongIssuer);
        }
        if !claims.aud.as_ref().is_some_and(|audience| audience.names(&self.audience)) {
            return Err(TokenError::WrongAudience);
        }
        let subject = claims.sub.as_deref().ok_or(TokenError::NoSubject)?;
        let user = UserId::parse(subject).map_err(TokenError::BadSubject)?;
        let role = match &claims.role {
            None => Role::User,
            Some(word) => Role::parse(word).ok_or(TokenError::UnknownRole)?,
        };
        Ok(Claimed { caller: Caller { user, role, expires }, starts })
    }

    fn judge_time(
        &self,
        expires: Timestamp,
        starts: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        if now - expires >= self.leeway_ms {
            return Err(TokenError::Expired);
        }
        if starts.is_some_and(|starts| starts - now > self.leeway_ms) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signer;
    use crate::auth::TOKENS_REMEMBERED_MAX;

    const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn verifier() -> Verifier {
        let key = VerifyingKey::hs256("k", SECRET).expect("key");
        Verifier::new(vec![key], "us", "them", 30).expect("verifier")
    }

    fn token(name: &str) -> String {
        let signer = Signer::hs256("k", SECRET, "us", "them").expect("signer");
        signer.sign(&UserId::parse(name).expect("id"), Role::Service, NOW, 60)
    }

    #[test]
    fn a_remembered_token_is_not_verified_again_but_its_time_is_judged() {
        let mut verifier = verifier();
        let (known, new) = (token("alice"), token("bob"));
        let first = verifier.verify(&known, NOW);
        // Without its keys it can't verify anything.
        verifier.keys.clear();
        assert_eq!(verifier.verify(&new, NOW), Err(TokenError::UnknownKey));
        assert_eq!(verifier.verify(&known, NOW), first);
        let at = |ms| verifier.verify(&known, NOW.plus_ms(ms)).map(|caller| caller.role);
        assert_eq!(at(60_000 + 29_999), Ok(Role::Service));
        assert_eq!(at(60_000 + 30_000), Err(TokenError::Expired));
        assert_eq!(at(-30_000), Ok(Role::Service));
        assert_eq!(at(-30_001), Err(TokenError::NotYetValid));
        assert_eq!(at(0), Ok(Role::Service));
    }

    #[test]
    fn what_was_refused_is_not_remembered() {
        let verifier = verifier();
        let token = token("alice");
        let (message, _) = token.rsplit_once('.').expect("dots");
        assert_eq!(verifier.verify(&token, NOW.plus_ms(90_000)), Err(TokenError::Expired));
        assert_eq!(verifier.verify(&token, NOW.plus_ms(-30_001)), Err(TokenError::NotYetValid));
        let unsigned = format!("{message}.AAAA");
        assert_eq!(verifier.verify(&unsigned, NOW), Err(TokenError::BadSignature));
        assert_eq!(verifier.memo.tokens(), 0);
        assert!(verifier.verify(&token, NOW).is_ok());
        assert_eq!(verifier.memo.tokens(), 1);
        // Differs from the remembered one in its signature only.
        for _ in 0..2 {
            assert_eq!(verifier.verify(&unsigned, NOW), Err(TokenError::BadSignature));
        }
        assert_eq!(verifier.memo.tokens(), 1);
    }

    #[test]
    fn more_callers_than_are_remembered_are_verified_all_the_same() {
        let verifier = verifier();
        for n in 0..TOKENS_REMEMBERED_MAX + 1_000 {
            let name = format!("u{n}");
            let caller = verifier.verify(&token(&name), NOW).expect("valid");
            assert_eq!(caller.user.as_str(), name);
        }
        assert!(verifier.memo.tokens() <= TOKENS_REMEMBERED_MAX);
    }

    #[test]
    fn a_remembered_token_is_not_shown() {
        let verifier = verifier();
        let token = token("alice");
        verifier.verify(&token, NOW).expect("valid");
        let shown = format!("{verifier:?}");
        assert!(!shown.contains(&token) && !shown.contains("alice"), "{shown}");
    }
}
