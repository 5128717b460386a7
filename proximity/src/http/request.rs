use std::convert::Infallible;

use api::{Authenticated, Context, Problem, single_header};
use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use http::request::Parts;
use http::{HeaderName, StatusCode, header};
use model::{Caller, ErrorKind, Role, UserId};

use crate::{
    Actor, Business, BusinessId, By, Error, IdempotencyKey, Proximity, ReadToken, Refusal,
};

/// Carries a [`ReadToken`]: in answers to writes the state that has them, in reads the state they must see.
pub const FRESHNESS: HeaderName = HeaderName::from_static("x-freshness");

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

/// The version that a write expects: `If-Match`. Without it, or with `*`, any will do.
pub(super) struct IfMatch(pub(super) Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match single_header(&parts.headers, &header::IF_MATCH)?.map(str::trim) {
            None | Some("*") => Ok(Self(None)),
            // Whatever isn't one of our tags matches nothing (RFC 9110, 13.1.1).
            Some(tag) => version(tag).map(|version| Self(Some(version))).ok_or_else(|| {
                let detail = "If-Match is not an ETag of a business; it takes one, or *";
                Problem::with_status(StatusCode::PRECONDITION_FAILED, "other_version", detail)
            }),
        }
    }
}

/// What the reader has already: the tags of `If-None-Match`.
pub(super) struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    pub(super) fn has(&self, business: &Business) -> bool {
        let ours = etag(business);
        self.0.iter().any(|tag| tag == "*" || *tag == ours)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lists = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let tags = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
        // A proxy that compresses makes tags weak; for reading they are as good.
        let tags = tags.map(|tag| tag.trim().trim_start_matches("W/").to_owned());
        Ok(Self(tags.collect()))
    }
}

/// The tag of a business: its version.
pub(super) fn etag(business: &Business) -> String {
    format!("\"{}\"", business.version)
}

fn version(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
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
    fn a_tag_is_a_version_in_quotes_and_nothing_else() {
        assert_eq!(version("\"7\""), Some(7));
        for other in ["7", "\"\"x", "W/\"7\"", "\"-7\"", "\"+7\"", "\"7\", \"8\"", "\"\"", "\""] {
            assert_eq!(version(other), None, "{other}");
        }
        assert_eq!(version(&format!("\"{}0\"", u64::MAX)), None);
    }
}
