//! The directory's REST endpoints, under `/v1/users`.
//!
//! `{user}` in a path is whose matter it is, `me` for the caller's own. Only they, a service or an operator may act for
//! them; everybody else gets 403, whether that user exists or not.

mod blocks;
mod export;
mod friends;
mod known;
mod lists;
mod requests;
mod users;

use api::{AppState, Context, PathParams, Problem, json_routes};
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use model::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Directory;
pub use known::KnownCaller;
use known::Subject;

impl FromRef<AppState<Directory>> for Directory {
    fn from_ref(state: &AppState<Self>) -> Self {
        state.part.clone()
    }
}

/// All routes of the directory, described.
pub fn router(directory: Directory, context: Context) -> OpenApiRouter {
    let router = OpenApiRouter::new()
        .routes(routes!(users::put, users::get))
        .routes(routes!(users::put_radius, users::delete_radius))
        .routes(routes!(friends::list))
        .routes(routes!(friends::put, friends::delete))
        .routes(routes!(requests::ask, requests::list))
        .routes(routes!(requests::accept))
        .routes(routes!(requests::decline))
        .routes(routes!(requests::cancel))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::put, blocks::delete));
    json_routes(router).with_state(AppState { part: directory, context })
}

/// `{other}` in the path.
struct Other(UserId);

impl<S: Send + Sync> FromRequestParts<S> for Other {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = PathParams::from_request_parts(parts, state).await?;
        params.id("other").map(Self)
    }
}
