pub(super) mod body;

use api::{Authenticated, Json, PathParams, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::request::{Trusted, readable, readable_in, season};
use super::{cursor, query};
use crate::core::cost::STANDING;
use crate::{Leaderboard, PageStart, Played, Winner};
use body::{SeasonBody, data};

/// A season, and how many play it or did.
#[derive(Serialize, ToSchema)]
pub(super) struct PlayedBody {
    #[serde(flatten)]
    season: SeasonBody,
    /// How many are on its standings; null while ranks are away.
    count: Option<u64>,
}

/// The seasons of a board that are kept.
#[derive(Serialize, ToSchema)]
pub(super) struct SeasonsBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    /// Oldest first; the last one is the present one.
    seasons: Vec<PlayedBody>,
}

/// Which part of those who get something.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RewardsQuery {
    /// The most players to look at.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 10)]
    limit: Option<String>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// Somebody who gets something.
#[derive(Serialize, ToSchema)]
pub(super) struct WinnerBody {
    /// Who.
    #[schema(example = "alice")]
    user: String,
    /// Their final rank.
    rank: u64,
    /// Their final score.
    score: i64,
    /// The data of each reward that is theirs, in the order of the rules.
    #[schema(value_type = Vec<serde_json::Value>)]
    rewards: Vec<Box<RawValue>>,
}

/// Who gets something of a season, best first.
#[derive(Serialize, ToSchema)]
pub(super) struct RewardsBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    season: SeasonBody,
    /// How many are on its standings.
    count: u64,
    /// May be empty, though there are more on the next page.
    winners: Vec<WinnerBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// The seasons of a board that are kept, with what can still happen to each.
#[utoipa::path(
    get,
    operation_id = "list_seasons",
    path = "/v1/boards/{board}/seasons",
    tag = "boards",
    params(("board" = String, Path)),
    responses((status = 200, body = SeasonsBody, description = "Oldest first"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(leaderboard): State<Leaderboard>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    params: PathParams,
) -> Result<Response, Problem> {
    let id: model::BoardId = params.id("board")?;
    let board = readable(&leaderboard, id.as_str(), &caller).await?;
    work.spend(STANDING * (1 + board.past.len()) as u64).await?;
    let played = leaderboard.seasons(&board).await;
    let body = |Played { season, count }: &Played| PlayedBody {
        season: SeasonBody::from(season),
        count: *count,
    };
    let seasons = played.iter().map(body).collect();
    Ok(answer(SeasonsBody { board: board.id.to_string(), seasons }))
}

/// What those get who won a season, once it is sealed: from then on always the same. Services and operators only.
#[utoipa::path(
    get,
    operation_id = "list_rewards",
    path = "/v1/boards/{board}/seasons/{season}/rewards",
    tag = "boards",
    params(("board" = String, Path), ("season" = u32, Path), RewardsQuery),
    responses(
        Problem,
        (status = 200, body = RewardsBody, description = "Best first; 409 `season_not_sealed` before"),
    ),
    security(("bearer" = []))
)]
pub(super) async fn rewards(
    State(leaderboard): State<Leaderboard>,
    Trusted(caller): Trusted,
    mut work: Work,
    params: PathParams,
    Query(asked): Query<RewardsQuery>,
) -> Result<Response, Problem> {
    let id: model::BoardId = params.id("board")?;
    let number = season(Some(params.text("season")?))?;
    let board = readable_in(&leaderboard, id.as_str(), number, &caller).await?;
    let list = cursor::list("rewards", &board);
    let after = query::after(asked.cursor.as_deref(), &list)?;
    let start = after.map_or(PageStart::Place(0), PageStart::After);
    let limit = query::limit(asked.limit.as_deref())?;
    let found = leaderboard.winners(&board, start, limit).await?;
    work.spend(STANDING * limit as u64).await?;
    let body = |Winner { standing, rewards }: Winner| WinnerBody {
        user: standing.user.to_string(),
        rank: standing.rank,
        score: standing.entry.score,
        rewards: rewards.iter().filter_map(data).collect(),
    };
    Ok(answer(RewardsBody {
        board: board.id.to_string(),
        season: SeasonBody::from(&board.season),
        count: found.count,
        winners: found.winners.into_iter().map(body).collect(),
        next_cursor: found.next.map(|next| cursor::encode(next.entry, &list)),
    }))
}

fn answer(body: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
