use std::convert::Infallible;

use api::{Authenticated, Context, Problem, single_header};
use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Caller, ErrorKind, Role, UserId};

use crate::{
    Actor, Business, BusinessId, By, Error, IdempotencyKey, Proximity, ReadToken, Refusal,
};

/// Carries a [`ReadToken`]: in answers to writes the state that has them, in reads the state they must see.
pub const FRESHNESS: HeaderName = HeaderName::from_static("x-freshness");

/// What proxies that compress add to tags.
const CODINGS: [&str; 4] = ["gzip", "br", "zstd", "deflate"];
/// What stands before it; the longer first.
const BEFORE_CODING: [&str; 3] = ["--", "-", ";"];
/// Of longer lists of tags the rest is left out.
const VERSIONS_MAX: usize = 32;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How new a state the reader asks for.
pub(super) struct Fresh(pub(super) Option<ReadToken>);

impl<S: Send + Sync> FromRequestParts<S> for Fresh {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(text) = single_header(&parts.headers, &FRESHNESS)? else { return Ok(Self(None)) };
        let fresh = ReadToken::parse(text).ok_or_else(|| {
            let detail = format!("{FRESHNESS} is not what a write was answered with");
            invalid("invalid_freshness", detail)
        })?;
        Ok(Self(Some(fresh)))
    }
}

/// `{business}` in the path.
pub(super) struct Which(pub(super) BusinessId);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bad = |why: &str| invalid("invalid_id", why);
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| bad("the path is not UTF-8"))?;
        let text = params.iter().find(|(name, _)| *name == "business").map_or("", |(_, id)| id);
        BusinessId::parse(text).map(Self).map_err(|fault| bad(&format!("business {fault}")))
    }
}

/// Who writes, and by which key a repetition is known.
pub(super) struct Writes {
    pub(super) caller: Caller,
    pub(super) by: By,
}

impl<S> FromRequestParts<S> for Writes
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        let key =
            single_header(&parts.headers, &IDEMPOTENCY_KEY)?.map(IdempotencyKey::parse).transpose();
        let key = key.map_err(|fault| {
            invalid("invalid_idempotency_key", format!("{IDEMPOTENCY_KEY} {fault}"))
        })?;
        let user = caller.user.clone();
        let actor = match caller.role {
            Role::Operator => Actor::Operator(user),
            Role::User | Role::Service => Actor::Owner(user),
        };
        Ok(Self { caller, by: By { actor, key } })
    }
}

/// The versions that a write may find: `If-Match`. Without it, or with `*`, any will do.
pub(super) struct IfMatch(Vec<u64>);

impl IfMatch {
    /// The one that it must find; of several, the one that there is.
    pub(super) async fn version(
        &self,
        proximity: &Proximity,
        id: BusinessId,
    ) -> Result<Option<u64>, Problem> {
        let [first, _, ..] = self.0[..] else { return Ok(self.0.first().copied()) };
        let found = existing(proximity, id, None).await?.version;
        Ok(Some(if self.0.contains(&found) { found } else { first }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let lists: Vec<_> = parts.headers.get_all(header::IF_MATCH).iter().collect();
        if lists.is_empty() || lists.iter().any(|list| list.as_bytes().trim_ascii() == b"*") {
            return Ok(Self(Vec::new()));
        }
        let versions = versions(lists);
        if versions.is_empty() {
            // Whatever isn't one of our tags matches nothing (RFC 9110, 13.1.1).
            let detail = "If-Match has no ETag of a business; it takes such, or *";
            let status = StatusCode::PRECONDITION_FAILED;
            return Err(Problem::with_status(status, "other_version", detail));
        }
        Ok(Self(versions))
    }
}

/// What the reader has already: the versions of `If-None-Match`; `None` for `*`.
pub(super) struct IfNoneMatch(Option<Vec<u64>>);

impl IfNoneMatch {
    pub(super) fn has(&self, business: &Business) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&business.version))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lists: Vec<_> = parts.headers.get_all(header::IF_NONE_MATCH).iter().collect();
        if lists.iter().any(|list| list.as_bytes().trim_ascii() == b"*") {
            return Ok(Self(None));
        }
        Ok(Self(Some(versions(lists))))
    }
}

/// The versions of which tags stand in some lists, in order, each once.
fn versions<'a>(lists: impl IntoIterator<Item = &'a HeaderValue>) -> Vec<u64> {
    let mut all = Vec::new();
    for list in lists {
        for version in list.to_str().unwrap_or_default().split(',').filter_map(version) {
            if !all.contains(&version) && all.len() < VERSIONS_MAX {
                all.push(version);
            }
        }
    }
    all
}

/// The tag of a business: its version.
pub(super) fn etag(business: &Business) -> String {
    format!("\"{}\"", business.version)
}

/// The version of a tag, also of one that a proxy made of ours: one that compresses makes tags weak, or adds how.
fn version(tag: &str) -> Option<u64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let digits = CODINGS.iter().find_map(|coding| {
        let inner = inner.strip_suffix(coding)?;
        BEFORE_CODING.iter().find_map(|before| inner.strip_suffix(before))
    });
    let digits = digits.unwrap_or(inner);
    let is_ours = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    is_ours.then(|| digits.parse().ok()).flatten()
}

pub(super) fn invalid(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(ErrorKind::Invalid, code, detail)
}

/// As `From`, but what `If-Match` asked for is HTTP's own affair.
pub(super) fn refused(error: Error) -> Problem {
    match error {
        Error::Refused(refusal @ Refusal::OtherVersion { .. }) => {
            let status = StatusCode::PRECONDITION_FAILED;
            Problem::with_status(status, refusal.code(), refusal.to_string())
        }
        other => other.into(),
    }
}

/// A user in a parameter or body; `me` is the caller.
pub(super) fn user(field: &str, text: &str, caller: &Caller) -> Result<UserId, Problem> {
    if text == "me" {
        return Ok(caller.user.clone());
    }
    UserId::parse(text).map_err(|fault| invalid("invalid_id", format!("{field} {fault}")))
}

/// Reads a business, or refuses as there is none.
pub(super) async fn existing(
    proximity: &Proximity,
    id: BusinessId,
    fresh: Option<ReadToken>,
) -> Result<Business, Problem> {
    let found = proximity.business(id, fresh).await?;
    found.ok_or_else(|| Error::Refused(Refusal::NoSuchBusiness).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_version_in_quotes_with_what_proxies_add() {
        let known = [
            "\"7\"",
            "W/\"7\"",
            " \"7-gzip\" ",
            "\"7-br\"",
            "W/\"7-zstd\"",
            "\"7-deflate\"",
            "\"7--gzip\"",
            "W/\"7;gzip\"",
            "\"7;br\"",
        ];
        for tag in known {
            assert_eq!(version(tag), Some(7), "{tag}");
        }
        for other in [
            "7",
            "\"\"x",
            "w/\"7\"",
            "\"-7\"",
            "\"+7\"",
            "\"\"",
            "\"",
            "\"7-\"",
            "\"7-gzip-gzip\"",
            "\"7gzip\"",
            "\"7---gzip\"",
            "\"7;;gzip\"",
            "\"7;\"",
            "\"07\"",
            "\"0\"",
            "\"-gzip\"",
            "\"7-x\"",
            "W/7",
            "\"7",
        ] {
            assert_eq!(version(other), None, "{other}");
        }
        assert_eq!(version(&format!("\"{}0\"", u64::MAX)), None);
    }

    #[test]
    fn of_lists_all_tags_of_ours_are_known() {
        let lists = ["\"7\", W/\"8-br\", \"x\"", "\"7-gzip\",\"9\""].map(HeaderValue::from_static);
        assert_eq!(versions(&lists), [7, 8, 9]);
        assert!(versions(&[HeaderValue::from_static("nonsense")]).is_empty());
    }
}
