use api::{PathParams, Problem};
use axum::extract::State;
use http::StatusCode;

use super::request::Trusted;
use crate::Leaderboard;

/// Takes a player off a board; what they score goes on being counted. Services and operators only.
#[utoipa::path(
    put,
    operation_id = "ban_player",
    path = "/v1/boards/{board}/bans/{user}",
    tag = "boards",
    params(("board" = String, Path), ("user" = String, Path)),
    responses((status = 204, description = "They aren't on the board"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    params: PathParams,
) -> Result<StatusCode, Problem> {
    set(&leaderboard, &params, true).await
}

/// Puts a player back, with what they have scored. Services and operators only.
#[utoipa::path(
    delete,
    operation_id = "unban_player",
    path = "/v1/boards/{board}/bans/{user}",
    tag = "boards",
    params(("board" = String, Path), ("user" = String, Path)),
    responses((status = 204, description = "They aren't banned"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn delete(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    params: PathParams,
) -> Result<StatusCode, Problem> {
    set(&leaderboard, &params, false).await
}

async fn set(
    leaderboard: &Leaderboard,
    params: &PathParams,
    is_banned: bool,
) -> Result<StatusCode, Problem> {
    leaderboard.ban(&params.id("board")?, &params.id("user")?, is_banned).await?;
    Ok(StatusCode::NO_CONTENT)
}
