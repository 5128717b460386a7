use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use model::{Caller, ErrorKind, IdError, UserId};

use crate::Problem;

/// The ids in a request's path, by the names in the route's pattern.
#[derive(Debug, Clone)]
pub struct PathParams(Vec<(String, String)>);

/// The path segment that stands for the caller.
const CALLER: &str = "me";

impl PathParams {
    /// The user named by the segment; `me` is the caller.
    pub fn user(&self, name: &str, caller: &Caller) -> Result<UserId, Problem> {
        if self.text(name)? == CALLER { Ok(caller.user.clone()) } else { self.id(name) }
    }

    /// The id in the segment.
    pub fn id<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)?.parse().map_err(|fault| bad_id(name, &fault))
    }

    /// The segment as it is.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| {
            Problem::new(ErrorKind::Internal, "internal", "the route lacks a segment")
        })
    }
}

fn bad_id(name: &str, fault: &dyn fmt::Display) -> Problem {
    Problem::new(ErrorKind::Invalid, "invalid_id", format!("{name} {fault}"))
}

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| bad_id("the path", &"is not UTF-8"))?;
        Ok(Self(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}
