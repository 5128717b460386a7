use api::{Authenticated, Problem, Query, Work};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{PageBody, respond};
use super::request::{readable_in, season};
use super::{cursor, query};
use crate::Leaderboard;
use crate::core::cost::{CIRCLE, PLAYER, STANDING};

/// Which board, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FriendsQuery {
    /// The board.
    #[param(example = "weekly")]
    board: String,
    /// One of its seasons that are kept; the present one if absent.
    #[param(value_type = Option<u32>, minimum = 0)]
    season: Option<String>,
    /// The most players to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 10)]
    limit: Option<String>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// The caller and their friends, those of them who are on a board, with their ranks among all.
#[utoipa::path(
    get,
    operation_id = "list_friends_scores",
    path = "/v1/friends/scores",
    tag = "scores",
    params(FriendsQuery),
    responses((status = 200, body = PageBody, description = "Best first"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(leaderboard): State<Leaderboard>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    Query(asked): Query<FriendsQuery>,
) -> Result<Response, Problem> {
    let season = season(asked.season.as_deref())?;
    let board = readable_in(&leaderboard, &asked.board, season, &caller).await?;
    let list = format!("{}/{}", cursor::list("friends", &board), caller.user);
    let after = query::after(asked.cursor.as_deref(), &list)?;
    let limit = query::limit(asked.limit.as_deref())?;
    let circle = leaderboard.circle(&caller.user).await?;
    work.spend(CIRCLE + PLAYER * circle.len() as u64).await?;
    let listed = leaderboard.among(&board, &circle, after, limit).await?;
    work.spend(STANDING * listed.page.standings.len() as u64).await?;
    respond(&leaderboard, &board, listed, &list).await
}
