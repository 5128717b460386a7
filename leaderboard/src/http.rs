//! The REST endpoints of leaderboards: boards under `/v1/boards`, what is on them under `/v1/scores`.
//!
//! Services and operators make boards and post scores. Whoever has a token reads a board, unless it is for services only;
//! such a board refuses users by name (403): that it exists is no secret, since its deployment chose the name, and a 404
//! would look like a typing error.
//!
//! Names are shown of those who stand on the board only: of anybody else, nobody learns one by an id.

mod bans;
mod board_body;
mod boards;
mod cursor;
mod event_body;
mod friends;
mod index;
mod page;
mod player;
mod posting;
mod query;
mod request;
mod seasons;
mod standing_body;

use api::{AppState, Context, json_routes};
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Leaderboard;

impl FromRef<AppState<Leaderboard>> for Leaderboard {
    fn from_ref(state: &AppState<Self>) -> Self {
        state.part.clone()
    }
}

/// All routes of leaderboards, described.
pub fn router(leaderboard: Leaderboard, context: Context) -> OpenApiRouter {
    let router = OpenApiRouter::new()
        .routes(routes!(boards::list))
        .routes(routes!(boards::put, boards::get, boards::delete))
        .routes(routes!(index::get))
        .routes(routes!(index::verify))
        .routes(routes!(index::rebuild))
        .routes(routes!(bans::put, bans::delete))
        .routes(routes!(posting::post, page::get))
        .routes(routes!(player::get, bans::erase))
        .routes(routes!(seasons::list))
        .routes(routes!(seasons::rewards))
        .routes(routes!(friends::get));
    json_routes(router).with_state(AppState { part: leaderboard, context })
}
