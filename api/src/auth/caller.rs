use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{ErrorKind, Timestamp, UserId};

use super::bearer;
use crate::{Context, Problem};

/// For whom a caller speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// For themself.
    User,
    /// A trusted program of the application: for any user.
    Service,
    /// A person who runs the deployment: for any user.
    Operator,
}

impl Role {
    /// The word in the claim `role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::User, Self::Service, Self::Operator].into_iter().find(|role| role.as_str() == word)
    }
}

/// Who asks, as a verified token says.
///
/// As an extractor it reads `Authorization: Bearer …`, verifies the token and charges the caller's rate; once per
/// request, however often it is extracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`.
    pub user: UserId,
    /// The token's `role`.
    pub role: Role,
    /// The token's `exp`; the leeway is not in it.
    pub expires: Timestamp,
}

impl Caller {
    /// Whether the caller may do for `user` what a user may do: it is themself, or they speak for any.
    pub fn may_act_for(&self, user: &UserId) -> bool {
        self.role != Role::User || self.user == *user
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let context = Context::from_ref(state);
        let token = bearer(&parts.headers)?.ok_or_else(|| {
            let detail = "this needs a token: send Authorization: Bearer …";
            Problem::new(ErrorKind::Unauthenticated, "no_token", detail)
        })?;
        let context = context.parts();
        let now = context.clock.now();
        let caller = context.verifier.verify(token, now.wall)?;
        context.limiter.charge(&caller, now.monotonic)?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}
