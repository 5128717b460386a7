use api::{Authenticated, Json, PathParams, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{readable_in, season, whole};
use super::standing_body::{AsOfBody, StandingBody, shown};
use crate::core::cost::STANDING;
use crate::limits::AROUND_DEFAULT;
use crate::{Leaderboard, Refusal, Standing, View};

/// Which board, and how many neighbours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlayerQuery {
    /// The board.
    #[param(example = "weekly")]
    board: String,
    /// One of its seasons that are kept; the present one if absent.
    #[param(value_type = Option<u32>, minimum = 0)]
    season: Option<String>,
    /// The most neighbours above, and as many below.
    #[param(value_type = Option<u16>, minimum = 0, maximum = 50, default = 4)]
    around: Option<String>,
}

/// A player on a board, and who is next to them.
#[derive(Serialize, ToSchema)]
pub(super) struct PlayerBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    /// Its season.
    season: u32,
    #[serde(flatten)]
    as_of: AsOfBody,
    /// How many players are on the board.
    count: u64,
    #[serde(flatten)]
    standing: StandingBody,
    /// The share of all players whose scores aren't better, oneself among them, percent: 100 at the top, also of a board
    /// of one, and never 0. Null for whoever isn't on the board.
    #[schema(example = 99.5)]
    percentile: Option<f64>,
    /// The player with their neighbours, best first; empty for whoever isn't on the board.
    around: Vec<StandingBody>,
}

/// Where a player stands.
#[utoipa::path(
    get,
    operation_id = "get_score",
    path = "/v1/scores/{user}",
    tag = "scores",
    params(("user" = String, Path, description = "An id, or `me`"), PlayerQuery),
    responses(
        (status = 200, body = PlayerBody, description = "The player; whoever is absent, banned or unknown has null for rank and score"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(leaderboard): State<Leaderboard>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    params: PathParams,
    Query(query): Query<PlayerQuery>,
) -> Result<Response, Problem> {
    let user = params.user("user", &caller)?;
    let each = query.around.as_deref().map_or(Some(AROUND_DEFAULT), whole);
    let each = each.ok_or(Refusal::Around)?;
    let season = season(query.season.as_deref())?;
    let board = readable_in(&leaderboard, &query.board, season, &caller).await?;
    let View { as_of, count, neighbours, .. } = leaderboard.view(&board, 0, &user, each).await?;
    let (own, standings) = match neighbours {
        Some(neighbours) => (Some(neighbours.own), neighbours.standings),
        None => (None, Vec::new()),
    };
    work.spend(STANDING * (1 + standings.len()) as u64).await?;
    let around = shown(&leaderboard, &standings).await?;
    let shown = own.and_then(|own| around.get(own)).cloned();
    let body = PlayerBody {
        board: board.id.to_string(),
        season: board.season.number,
        as_of: AsOfBody::new(&board, as_of),
        count,
        standing: shown.unwrap_or_else(|| StandingBody::absent(&user)),
        percentile: own.and_then(|own| standings.get(own)).map(|own| percentile(count, own)),
        around,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The share of all players whose scores aren't better, percent.
fn percentile(count: u64, own: &Standing) -> f64 {
    // Over several servers they may have been counted before some who are better came.
    let count = count.max(own.better + 1);
    100.0 * (count - own.better) as f64 / count as f64
}
