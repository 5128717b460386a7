use api::{PathParams, Problem, Work};
use axum::extract::State;
use http::StatusCode;

use super::request::Trusted;
use crate::Leaderboard;
use crate::core::cost::ERASING;

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

/// Makes a player unknown on all boards and in all of their seasons, also those that are sealed: what they scored stays where it
/// is, under a name that says nothing. It may be repeated, and is done if nobody knew them. If scores are posted for the id
/// later, they are somebody's who begins anew. Services and operators only.
#[utoipa::path(
    delete,
    operation_id = "erase_player",
    path = "/v1/scores/{user}",
    tag = "scores",
    params(("user" = String, Path, description = "An id; `me` isn't taken")),
    responses((status = 204, description = "No board knows them"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn erase(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    mut work: Work,
    params: PathParams,
) -> Result<StatusCode, Problem> {
    let user = params.id("user")?;
    work.spend(ERASING).await?;
    leaderboard.erase(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}
