use api::{Authenticated, Context, PathParams, Problem};
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{Caller, ErrorKind, Role, UserId};

use crate::Directory;

/// A [`Caller`] whose user exists: the first token of a user makes them. For every endpoint that users come through.
#[derive(Debug, Clone)]
pub struct KnownCaller(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for KnownCaller
where
    Context: FromRef<S>,
    Directory: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        if caller.role == Role::User {
            Directory::from_ref(state).ensure_user(&caller.user).await?;
        }
        Ok(Self(caller))
    }
}

/// `{user}` in the path, for whom the caller may act.
pub(super) struct Subject {
    pub(super) caller: Caller,
    pub(super) user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for Subject
where
    Context: FromRef<S>,
    Directory: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let KnownCaller(caller) = KnownCaller::from_request_parts(parts, state).await?;
        let user = PathParams::from_request_parts(parts, state).await?.user("user", &caller)?;
        if !caller.may_act_for(&user) {
            return Err(forbidden("you may act only for yourself"));
        }
        Ok(Self { caller, user })
    }
}

pub(super) fn forbidden(detail: &str) -> Problem {
    Problem::new(ErrorKind::Forbidden, "forbidden", detail)
}
