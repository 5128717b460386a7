use api::{Authenticated, Cursor, Json, PageQuery, PathParams, Problem, Query};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use model::BoardId;
use serde::Serialize;
use utoipa::ToSchema;

use super::board_body::{BoardBody, PutBoard};
use super::request::{Trusted, invalid, readable};
use crate::{Effect, Error, Leaderboard, Refusal};

/// The name of the list in a cursor.
const LIST: &str = "boards";

/// A page of boards, in the order of their names.
#[derive(Serialize, ToSchema)]
pub(super) struct BoardsBody {
    boards: Vec<BoardBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Makes a board, or changes what can be changed of one. Services and operators only.
#[utoipa::path(
    put,
    operation_id = "put_board",
    path = "/v1/boards/{board}",
    tag = "boards",
    params(("board" = String, Path, description = "1 to 64 characters of `A-Z a-z 0-9 - _ . ~`")),
    responses(
        Problem,
        (status = 201, body = BoardBody, description = "Made"),
        (status = 200, body = BoardBody, description = "Existed; has these rules now"),
    ),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    params: PathParams,
    Json(body): Json<PutBoard>,
) -> Result<Response, Problem> {
    let id: BoardId = params.id("board")?;
    let rules = body.rules()?;
    if body.has_fixed() {
        let known = match leaderboard.board(&id).await {
            Err(Error::Refused(Refusal::NoSuchBoard)) => None,
            known => Some(known?),
        };
        body.check_fixed(id.as_str(), known.as_ref())?;
    }
    let (effect, board) = leaderboard.put_board(&id, rules).await?;
    let is_new = effect == Effect::Created;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(BoardBody::from(&board))).into_response())
}

/// The rules of a board.
#[utoipa::path(
    get,
    operation_id = "get_board",
    path = "/v1/boards/{board}",
    tag = "boards",
    params(("board" = String, Path)),
    responses((status = 200, body = BoardBody, description = "The board"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(leaderboard): State<Leaderboard>,
    Authenticated(caller): Authenticated,
    params: PathParams,
) -> Result<Response, Problem> {
    let id: BoardId = params.id("board")?;
    let board = readable(&leaderboard, id.as_str(), &caller).await?;
    Ok(unstored(BoardBody::from(&board)))
}

/// Deletes a board with all that is on it. One that is made under the same name later begins anew. Services and operators
/// only.
#[utoipa::path(
    delete,
    operation_id = "delete_board",
    path = "/v1/boards/{board}",
    tag = "boards",
    params(("board" = String, Path)),
    responses((status = 204, description = "There is no such board any more"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn delete(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    params: PathParams,
) -> Result<StatusCode, Problem> {
    leaderboard.delete_board(&params.id("board")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists all boards. Services and operators only.
#[utoipa::path(
    get,
    operation_id = "list_boards",
    path = "/v1/boards",
    tag = "boards",
    params(PageQuery),
    responses((status = 200, body = BoardsBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(leaderboard): State<Leaderboard>,
    _trusted: Trusted,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = query.page(LIST)?;
    let after = page.after.map(|cursor| BoardId::parse(cursor.last())).transpose();
    let after = after.map_err(|_| invalid("invalid_cursor", "cursor belongs to another list"))?;
    // One more than asked for tells whether there is more.
    let mut found = leaderboard.boards(after.as_ref(), page.limit + 1).await?;
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| Cursor::after(last.id.as_str()).encode(LIST));
    Ok(unstored(BoardsBody { boards: found.iter().map(BoardBody::from).collect(), next_cursor }))
}

/// What no cache keeps.
fn unstored(body: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
