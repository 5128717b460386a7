use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{ErrorKind, Role, UserId};

use super::PathParams;
use crate::{Authenticated, Context, Problem};

/// `{user}` in the path, where the answer is what is held about them: the caller is that user (`me` is, too), or a service.
///
/// Everybody else gets 403, operators too, whether that user exists or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSubject(pub UserId);

impl<S> FromRequestParts<S> for DataSubject
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        let user = PathParams::from_request_parts(parts, state).await?.user("user", &caller)?;
        let is_allowed = match caller.role {
            Role::User => caller.user == user,
            Role::Service => true,
            Role::Operator => false,
        };
        if is_allowed {
            return Ok(Self(user));
        }
        let detail = "only they themselves, or a service, may do this";
        Err(Problem::new(ErrorKind::Forbidden, "forbidden", detail))
    }
}
