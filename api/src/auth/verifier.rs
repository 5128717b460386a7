use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use model::{Caller, Moment, Timestamp};
use serde::Deserialize;
use tokio::sync::watch;

use super::claims::Claims;
use super::issuer::{Issuer, IssuerRules, check_issuers, judge_time};
use super::jwks::{Absence, Remote, SoughtKey};
use super::key::Algorithm;
use super::memo::{Claimed, Memo};
use super::{KeyError, TokenError, VerifyingKey};

/// The longest token that is looked at unless the settings say otherwise, bytes.
pub const TOKEN_BYTES_MAX: usize = 8_192;

/// Verifies tokens (JWT, RFC 7519; JWS compact form, RFC 7515).
///
/// A token chooses neither its algorithm nor its key beyond naming it: each key has one algorithm. That is what defeats
/// `alg: none` and a public key used as a shared secret. Of several issuers the one counts that `iss` names, and then only
/// its keys.
///
/// What was verified is remembered, up to
/// [`TOKENS_REMEMBERED_BYTES_MAX`](super::TOKENS_REMEMBERED_BYTES_MAX), until its key is removed; a token that was refused
/// never is.
pub struct Verifier {
    pub(super) issuers: Vec<Issuer>,
    leeway_ms: i64,
    token_bytes_max: usize,
    pub(super) memo: Memo,
    /// Hashes what tokens call keys that aren't known: nobody can make two the same.
    sought: RandomState,
    /// How often keys were removed.
    pub(super) removals: watch::Sender<u64>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.issuers.iter().map(Issuer::keys).collect();
        f.debug_struct("Verifier").field("keys", &keys).finish_non_exhaustive()
    }
}

/// Whose a token is, and what it was verified with.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who the bearer is.
    pub caller: Caller,
    /// Once it isn't in use any more, the token doesn't count.
    pub key: Arc<VerifyingKey>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

impl Header {
    fn read(json: &[u8]) -> Result<Self, TokenError> {
        // A struct would also be read from an array.
        let object = json.first() == Some(&b'{');
        let read = object.then(|| serde_json::from_slice(json).ok()).flatten();
        let header: Self = read.ok_or(TokenError::BadHeader)?;
        if header.crit.is_some() { Err(TokenError::Critical) } else { Ok(header) }
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| TokenError::Malformed)
}

impl Verifier {
    /// For one issuer, ours. `leeway_s` is how far the clocks of issuer and server may differ, seconds.
    pub fn new(
        keys: Vec<VerifyingKey>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        leeway_s: u32,
    ) -> Result<Self, KeyError> {
        Self::of_issuers(vec![Issuer::new(IssuerRules::own(issuer, audience), keys)?], leeway_s)
    }

    /// For several issuers.
    pub fn of_issuers(issuers: Vec<Issuer>, leeway_s: u32) -> Result<Self, KeyError> {
        if issuers.is_empty() {
            return Err(KeyError::NoKeys);
        }
        check_issuers(&issuers.iter().map(|issuer| &issuer.rules).collect::<Vec<_>>())?;
        Ok(Self {
            issuers,
            leeway_ms: i64::from(leeway_s) * 1_000,
            token_bytes_max: TOKEN_BYTES_MAX,
            memo: Memo::default(),
            sought: RandomState::new(),
            removals: watch::Sender::new(0),
        })
    }

    /// The same with another limit of a token's length, bytes.
    #[must_use]
    pub fn with_token_bytes_max(self, token_bytes_max: usize) -> Self {
        Self { token_bytes_max, ..self }
    }

    /// The longest token that is looked at, bytes.
    pub fn token_bytes_max(&self) -> usize {
        self.token_bytes_max
    }

    /// Who the token says its bearer is, if it is valid at `now` by keys that are known already.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        self.verify_claimed(token, now).map(|claimed| claimed.caller)
    }

    /// The same; its issuer is asked for new keys if the token is of none that is known, as often as it may be asked. Of a name
    /// that isn't known it is said whether the issuer was found not to have it, or [can't be asked](TokenError::NotAskedYet) in
    /// the same minute, or is [away](TokenError::KeysAway). What is wrong by a key that is known is refused, as new keys have new
    /// names nearly always.
    pub async fn verify_asking(&self, token: &str, now: Moment) -> Result<Verified, TokenError> {
        let mut verified = self.verify_claimed(token, now.wall);
        if let Err(fault) = verified
            && fault.may_be_of_a_new_key()
            && let Some((remote, key)) = self.sought_key(token, fault)
        {
            let is_known = || match self.verify_claimed(token, now.wall) {
                Ok(_) => true,
                Err(fault) => !fault.may_be_of_a_new_key(),
            };
            let absence = remote.ask(key, now.monotonic, is_known).await;
            verified = self.verify_claimed(token, now.wall).map_err(|fault| match absence {
                _ if fault != TokenError::UnknownKey => fault,
                Absence::Final => fault,
                Absence::NotAskedYet(retry) => TokenError::NotAskedYet(retry),
                Absence::Away(retry) => TokenError::KeysAway(retry),
            });
        }
        verified.map(|Claimed { caller, key, .. }| Verified { caller, key })
    }

    /// Whom to ask for the key of a token, and what it is: by what the token calls it, so that all who have tokens of a key
    /// that was removed are answered by one question. Those whose signature is wrong are told apart, else a forged one could
    /// speak for those of a key that is new.
    fn sought_key(&self, token: &str, fault: TokenError) -> Option<(&Remote, SoughtKey)> {
        let remote = self.issuer_of(token).ok()?.remote.as_ref()?;
        let header = Header::read(&decoded(token.split('.').next()?).ok()?).ok()?;
        if !Algorithm::may_be_published(&header.alg) {
            return None;
        }
        let signed = (fault == TokenError::BadSignature).then_some(token);
        Some((remote, self.sought.hash_one((header.kid, header.alg, signed))))
    }

    /// Changes whenever keys were removed: sessions that were opened with one must end.
    pub fn removals(&self) -> watch::Receiver<u64> {
        self.removals.subscribe()
    }

    fn verify_claimed(&self, token: &str, now: Timestamp) -> Result<Claimed, TokenError> {
        if token.len() > self.token_bytes_max {
            return Err(TokenError::TooLong(self.token_bytes_max));
        }
        if let Some(known) = self.memo.recall(token) {
            judge_time(known.caller.expires, known.starts, (now, self.leeway_ms))?;
            return Ok(known);
        }
        let claimed = self.read(token, now)?;
        self.memo.keep(token, claimed.clone());
        Ok(claimed)
    }

    fn read(&self, token: &str, now: Timestamp) -> Result<Claimed, TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = Header::read(&decoded(header)?)?;
        let payload = decoded(payload)?;
        let issuer = self.issuer_named(&payload)?;
        let key = issuer.key_for(header.kid.as_deref(), &header.alg)?;
        let signature = decoded(signature).map_err(|_| TokenError::BadSignature)?;
        if !key.verifies(message.as_bytes(), &signature) {
            return Err(TokenError::BadSignature);
        }
        let claims = Claims::read(&payload).ok_or(TokenError::BadClaims)?;
        let others = self.issuers.iter().map(|it| it.rules.prefix.as_str());
        let others = others.filter(|prefix| !prefix.is_empty());
        issuer.rules.judge(&claims, (now, self.leeway_ms), others, &key)
    }

    /// Whose keys count for a token with these claims, which nobody has verified yet.
    fn issuer_named(&self, payload: &[u8]) -> Result<&Issuer, TokenError> {
        if let [only] = self.issuers.as_slice() {
            return Ok(only);
        }
        let claims = Claims::read(payload).ok_or(TokenError::BadClaims)?;
        let name = claims.text("iss")?.ok_or(TokenError::WrongIssuer)?;
        let named = self.issuers.iter().find(|issuer| issuer.rules.issuer == name);
        named.ok_or(TokenError::WrongIssuer)
    }

    /// The same of a whole token.
    fn issuer_of(&self, token: &str) -> Result<&Issuer, TokenError> {
        let payload = token.split('.').nth(1).ok_or(TokenError::Malformed)?;
        self.issuer_named(&decoded(payload)?)
    }
}

#[cfg(test)]
mod tests;
