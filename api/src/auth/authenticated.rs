use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::{Caller, ErrorKind};

use super::bearer;
use crate::{Context, Peer, Problem, rate};

/// Extracts who asks: reads `Authorization: Bearer …`, verifies the token and charges the caller's rate; once per
/// request, however often it is extracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated(pub Caller);

impl<S> FromRequestParts<S> for Authenticated
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Caller>() {
            return Ok(Self(known.clone()));
        }
        let context = Context::from_ref(state);
        let token = bearer(&parts.headers)?.ok_or_else(|| {
            let detail = "this needs a token: send Authorization: Bearer …";
            Problem::new(ErrorKind::Unauthenticated, "no_token", detail)
        })?;
        let context = context.deps();
        let now = context.clock.now();
        let caller = context.verifier.verify_asking(token, now).await?.caller;
        if let Some(peer) = parts.extensions.get::<Peer>() {
            peer.belongs_to(&caller.user);
        }
        rate::charge(&context.requests, &caller, now.monotonic)?;
        parts.extensions.insert(caller.clone());
        Ok(Self(caller))
    }
}
