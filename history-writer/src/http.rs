//! The REST endpoints of movement history, under `/v1/users/{user}/track`, and who has any.
//!
//! Only the user whose history it is reads or erases it, or a service ([`api::DataSubject`]); everybody else gets 403, whether
//! there is such a user or track or not.
//!
//! Other processes of the deployment ask what waits in the log of this one (`waiting.rs`).
//!
//! A page is JSON; the whole of a track comes in any format, made while it is sent: a year of it isn't in memory.

mod cursor;
mod erase;
mod export;
mod posting;
mod query;
mod range;
mod settings;
mod summary;
mod text;
mod track;
mod track_body;
mod users;
mod waiting;

use api::{AppState, Context, Problem, json_routes};
use axum::extract::FromRef;
use axum::routing::post;
use model::{Caller, ErrorKind, Role};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{History, StoreError};
pub use track::{COMPLETE_UNTIL, INCOMPLETE};

impl FromRef<AppState<History>> for History {
    fn from_ref(state: &AppState<Self>) -> Self {
        state.part.clone()
    }
}

/// All routes of movement history, described.
pub fn router(history: History, context: Context) -> OpenApiRouter {
    let json = OpenApiRouter::new()
        .routes(routes!(erase::delete))
        .routes(routes!(posting::post))
        .routes(routes!(summary::get))
        .routes(routes!(settings::get, settings::put))
        .routes(routes!(users::list));
    let router = OpenApiRouter::new().routes(routes!(track::get));
    let router = router.route("/internal/v1/history/waiting", post(waiting::post));
    router.merge(json_routes(json)).with_state(AppState { part: history, context })
}

/// What a client is told when a store fails.
fn failed(error: StoreError) -> Problem {
    Problem::failure(error.error_kind(), "movement history", error)
}

/// Refuses everybody but services.
fn services_only(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Service {
        return Ok(());
    }
    Err(Problem::new(ErrorKind::Forbidden, "forbidden", "only services may do this"))
}

fn invalid(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(ErrorKind::Invalid, code, detail)
}
