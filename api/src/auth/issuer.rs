//! An issuer: its keys, and what is believed of its tokens.

use std::borrow::Cow;
use std::sync::Arc;

use model::{Caller, Role, Timestamp, UserId};
use parking_lot::RwLock;

use super::claims::{ClaimPath, Claims, subject_of, text_of, texts_of};
use super::jwks::{KeySource, Remote};
use super::memo::Claimed;
use super::{KeyError, TokenError, VerifyingKey};

/// Claims that count only if the issuer says by another, of the same name and `_verified`, that they are the bearer's.
const VERIFIED_CLAIMS: [&str; 2] = ["email", "phone_number"];

/// What is believed of an issuer's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRules {
    /// What `iss` must be, exactly.
    pub issuer: String,
    /// One of these must be `aud`, or in it.
    pub audiences: Vec<String>,
    /// The claim that says who the bearer is.
    pub subject_claim: ClaimPath,
    /// Stands before the subject in a user's id.
    pub prefix: String,
    /// What makes somebody more than a user.
    pub roles: RoleRules,
    /// The longest time from `iat`, or now, to `exp`, seconds; none: any.
    pub lifetime_max_s: Option<u64>,
    /// Whether users may have tokens, or services and operators only.
    pub has_users: bool,
}

/// Which claim makes somebody a service or an operator. Whatever else a token says, its bearer is a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleRules {
    /// The claim; none: everybody is a user.
    pub claim: Option<ClaimPath>,
    /// Whether it is a list, one of whose texts counts, rather than one text.
    pub is_list: bool,
    /// What it says of a service.
    pub service_values: Vec<String>,
    /// What it says of an operator.
    pub operator_values: Vec<String>,
}

impl RoleRules {
    /// Those of our own tokens: `role` is `service` or `operator`.
    pub fn own() -> Self {
        let word = |role: Role| vec![role.as_str().to_owned()];
        Self {
            claim: Some(vec!["role".to_owned()]),
            is_list: false,
            service_values: word(Role::Service),
            operator_values: word(Role::Operator),
        }
    }

    fn role(&self, claims: &Claims<'_>) -> Role {
        let value = self.claim.as_ref().filter(|path| is_verified(path, claims));
        let Some(value) = value.and_then(|path| claims.at(path)) else {
            return Role::User;
        };
        let texts = if self.is_list {
            texts_of(value).unwrap_or_default()
        } else {
            text_of(value).into_iter().collect()
        };
        let has =
            |values: &[String]| values.iter().any(|value| texts.iter().any(|text| text == value));
        match (has(&self.service_values), has(&self.operator_values)) {
            (false, false) => Role::User,
            // Both: the one to whom tracks aren't shown.
            (_, true) => Role::Operator,
            (true, false) => Role::Service,
        }
    }
}

impl IssuerRules {
    /// Those of our own tokens: the subject is the user, `role` is what we call it, and they hold as long as they say.
    pub fn own(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            subject_claim: vec!["sub".to_owned()],
            prefix: String::new(),
            roles: RoleRules::own(),
            lifetime_max_s: None,
            has_users: true,
        }
    }

    /// Says what a token says that was signed by a key of this issuer; `others` are the prefixes of the other issuers.
    pub(super) fn judge<'o>(
        &self,
        claims: &Claims<'_>,
        (now, leeway_ms): (Timestamp, i64),
        others: impl IntoIterator<Item = &'o str>,
        key: &Arc<VerifyingKey>,
    ) -> Result<Claimed, TokenError> {
        let expires = claims.time("exp")?.ok_or(TokenError::NoExpiry)?;
        let issued = claims.start("iat")?;
        let starts = claims.start("nbf")?.max(issued);
        judge_time(expires, starts, (now, leeway_ms))?;
        if claims.text("iss")?.as_deref() != Some(&self.issuer) {
            return Err(TokenError::WrongIssuer);
        }
        self.judge_audience(claims)?;
        if let Some(max_s) = self.lifetime_max_s {
            // An issuer's clock may be ahead by the leeway, and no more, as was judged above.
            let since = issued.unwrap_or(now.plus_ms(leeway_ms));
            let max_ms = i64::try_from(max_s).unwrap_or(i64::MAX).saturating_mul(1_000);
            if expires.0.saturating_sub(since.0) > max_ms {
                return Err(TokenError::LongLived(max_s));
            }
        }
        let role = self.roles.role(claims);
        if role == Role::User && !self.has_users {
            return Err(TokenError::NoUsers);
        }
        let user = self.user(claims, others)?;
        Ok(Claimed { caller: Caller { user, role, expires }, starts, key: key.clone() })
    }

    fn judge_audience(&self, claims: &Claims<'_>) -> Result<(), TokenError> {
        let value = claims.get("aud").unwrap_or("[]");
        let named = text_of(value).map(|one| vec![one]).or_else(|| texts_of(value));
        let named = named.ok_or(TokenError::NotText("audience (aud)"))?;
        let is_us = |audience: &Cow<'_, str>| self.audiences.iter().any(|us| us == audience);
        if named.iter().any(is_us) { Ok(()) } else { Err(TokenError::WrongAudience) }
    }

    fn user<'o>(
        &self,
        claims: &Claims<'_>,
        others: impl IntoIterator<Item = &'o str>,
    ) -> Result<UserId, TokenError> {
        let subject = subject_of(claims.at(&self.subject_claim).ok_or(TokenError::NoSubject)?)?;
        if !is_verified(&self.subject_claim, claims) {
            return Err(TokenError::Unverified);
        }
        if subject.is_empty() {
            // Else the prefix alone would be somebody.
            return Err(
                UserId::parse("").map_or_else(TokenError::BadSubject, |_| TokenError::NoSubject)
            );
        }
        let id = format!("{}{subject}", self.prefix);
        if self.prefix.is_empty() && others.into_iter().any(|other| id.starts_with(other)) {
            return Err(TokenError::ForeignPrefix);
        }
        UserId::parse(&id).map_err(TokenError::BadSubject)
    }
}

/// Whether the issuer says of a mail address or a telephone number that it has verified it, which stands beside it; of
/// other claims it needn't say anything. Some (Apple) write that as text.
fn is_verified(path: &[String], claims: &Claims<'_>) -> bool {
    let Some((name, way)) = path.split_last() else { return true };
    // A claim whose name is an address is what its last part says.
    let last = name.rsplit('/').next().unwrap_or_default();
    if !VERIFIED_CLAIMS.contains(&last) {
        return true;
    }
    let says_so = |flag: String| {
        let value = claims.at(&[way, &[flag]].concat());
        value.is_some_and(|it| it == "true" || text_of(it).as_deref() == Some("true"))
    };
    says_so(format!("{name}_verified"))
}

pub(super) fn judge_time(
    expires: Timestamp,
    starts: Option<Timestamp>,
    (now, leeway_ms): (Timestamp, i64),
) -> Result<(), TokenError> {
    if now - expires >= leeway_ms {
        return Err(TokenError::Expired);
    }
    if starts.is_some_and(|starts| starts - now > leeway_ms) {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

/// Says what keeps these issuers from being told apart safely.
pub fn check_issuers(rules: &[&IssuerRules]) -> Result<(), KeyError> {
    // Where only services and operators have tokens, no user can be another issuer's.
    let unprefixed =
        rules.iter().filter(|rules| rules.prefix.is_empty() && rules.has_users).count();
    if unprefixed > 1 {
        return Err(KeyError::NoPrefix);
    }
    for (n, one) in rules.iter().enumerate() {
        for other in &rules[n + 1..] {
            if one.issuer == other.issuer {
                return Err(KeyError::RepeatedIssuer);
            }
            let (a, b) = (one.prefix.as_str(), other.prefix.as_str());
            if !a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a)) {
                return Err(KeyError::SimilarPrefixes);
            }
        }
    }
    Ok(())
}

/// An issuer with its keys.
pub struct Issuer {
    pub(super) rules: IssuerRules,
    keys: RwLock<Arc<[Arc<VerifyingKey>]>>,
    /// Where new keys come from, if they may change.
    pub(super) remote: Option<Remote>,
}

impl Issuer {
    /// One whose keys don't change.
    pub fn new(rules: IssuerRules, keys: Vec<VerifyingKey>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::NoKeys);
        }
        let repeated =
            |(at, key): (usize, &VerifyingKey)| keys[..at].iter().any(|k| k.kid == key.kid);
        if keys.iter().enumerate().any(repeated) {
            return Err(KeyError::RepeatedKeyId);
        }
        let keys = RwLock::new(keys.into_iter().map(Arc::new).collect());
        Ok(Self { rules, keys, remote: None })
    }

    /// One whose keys come from elsewhere, and change.
    pub fn fetched(rules: IssuerRules, source: Arc<dyn KeySource>) -> Self {
        Self { rules, keys: RwLock::new(Arc::new([])), remote: Some(Remote::new(source)) }
    }

    pub(super) fn keys(&self) -> Arc<[Arc<VerifyingKey>]> {
        self.keys.read().clone()
    }

    /// Takes these keys for all that the issuer has. Says whether any was removed.
    pub(super) fn replace_keys(&self, new: Vec<VerifyingKey>) -> bool {
        let mut held = self.keys.write();
        let same = |key: &VerifyingKey| held.iter().find(|old| old.is_same(key)).cloned();
        let keys: Arc<[_]> =
            new.into_iter().map(|key| same(&key).unwrap_or_else(|| Arc::new(key))).collect();
        let is_gone = |old: &&Arc<VerifyingKey>| !keys.iter().any(|key| Arc::ptr_eq(key, old));
        let gone: Vec<_> = held.iter().filter(is_gone).cloned().collect();
        for key in &gone {
            key.remove();
        }
        *held = keys;
        !gone.is_empty()
    }

    /// The key that a token means.
    pub(super) fn key_for(
        &self,
        kid: Option<&str>,
        alg: &str,
    ) -> Result<Arc<VerifyingKey>, TokenError> {
        let keys = self.keys();
        let named =
            |kid: Option<&str>| keys.iter().filter(|key| key.kid.as_deref() == kid).collect();
        let mut candidates: Vec<_> = match (kid, &*keys) {
            (None, [only]) => vec![only],
            _ => named(kid),
        };
        // Some issuers name a shared secret in tokens, and nowhere else.
        if candidates.is_empty() && self.remote.is_none() {
            candidates = named(None);
        }
        if candidates.is_empty() {
            let unnamed = kid.is_none() && !keys.is_empty();
            return Err(if unnamed { TokenError::NoKeyId } else { TokenError::UnknownKey });
        }
        // Keys of different kinds may have the same name (RFC 7517, 4.5), or none.
        let key = candidates.into_iter().find(|key| key.algorithm.is_named(alg));
        key.cloned().ok_or(TokenError::WrongAlgorithm)
    }
}
