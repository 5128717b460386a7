use api::{Authenticated, Json, Problem, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::{Caller, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor;
use super::query::ScoresQuery;
use super::request::{player, readable_in};
use super::standing_body::{AsOfBody, StandingBody, shown};
use crate::core::cost::{PLAYER, STANDING};
use crate::{Board, Leaderboard, Listed, Page, Players, Standing};

/// Some players of a board.
#[derive(Serialize, ToSchema)]
pub(super) struct PageBody {
    /// The board.
    #[schema(example = "weekly")]
    board: String,
    /// Its season.
    season: u32,
    #[serde(flatten)]
    as_of: AsOfBody,
    /// How many players are on the board.
    count: u64,
    /// The players, in their order.
    standings: Vec<StandingBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// The top of a board, a page of it, or some players.
#[utoipa::path(
    get,
    operation_id = "list_scores",
    path = "/v1/scores",
    tag = "scores",
    params(ScoresQuery),
    responses(
        Problem,
        (status = 200, body = PageBody, description = "Best first, of equal scores whoever reached theirs first; named players in the order of the request"),
    ),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(leaderboard): State<Leaderboard>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    query: ScoresQuery,
) -> Result<Response, Problem> {
    let board = readable_in(&leaderboard, query.board(), query.season()?, &caller).await?;
    if !query.users().is_empty() {
        return players(&leaderboard, &board, &caller, query.users(), &mut work).await;
    }
    let (start, limit) = (query.start(&board)?, query.limit()?);
    let listed = leaderboard.page(&board, start, limit).await?;
    work.spend(STANDING * listed.page.standings.len() as u64).await?;
    respond(&leaderboard, &board, listed, &cursor::list("scores", &board)).await
}

/// Answers with part of a list.
pub(super) async fn respond(
    leaderboard: &Leaderboard,
    board: &Board,
    listed: Listed,
    list: &str,
) -> Result<Response, Problem> {
    let Page { as_of, count, standings } = listed.page;
    Ok(answer(PageBody {
        board: board.id.to_string(),
        season: board.season.number,
        as_of: AsOfBody::new(board, as_of),
        count,
        standings: shown(leaderboard, &standings).await?,
        next_cursor: listed.last.map(|last| cursor::encode(last.entry, list)),
    }))
}

async fn players(
    leaderboard: &Leaderboard,
    board: &Board,
    caller: &Caller,
    names: &[String],
    work: &mut Work,
) -> Result<Response, Problem> {
    let users = names.iter().map(|name| player(name, caller));
    let users = users.collect::<Result<Vec<UserId>, _>>()?;
    work.spend((PLAYER + STANDING) * users.len() as u64).await?;
    let Players { as_of, count, standings } = leaderboard.players(board, &users).await?;
    let present: Vec<Standing> = standings.iter().flatten().cloned().collect();
    let mut present = shown(leaderboard, &present).await?.into_iter();
    let body = |(user, standing): (&UserId, Option<Standing>)| {
        let shown = standing.and_then(|_| present.next());
        shown.unwrap_or_else(|| StandingBody::absent(user))
    };
    Ok(answer(PageBody {
        board: board.id.to_string(),
        season: board.season.number,
        as_of: AsOfBody::new(board, as_of),
        count,
        standings: users.iter().zip(standings).map(body).collect(),
        next_cursor: None,
    }))
}

fn answer(body: PageBody) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
