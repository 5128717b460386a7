use api::{Json, PathParams, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use model::{BoardId, ErrorChain};
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::request::Operator;
use crate::{Board, Checked, Leaderboard, Verified};

/// Lines that wait for a client who asked for a verification; of its progress more are left out.
const LINES_WAITING_MAX: usize = 16;
/// The most players who differ that are named.
const NAMED_MAX: usize = 100;

/// How far what ranks has come behind what counts.
#[derive(Serialize, ToSchema)]
pub(super) struct IndexBody {
    /// The state of the board by its log; opaque.
    #[schema(example = "b7.123")]
    log: String,
    /// The state that ranks are of; null while they can't be told.
    #[schema(example = "b7.123")]
    index: Option<String>,
    /// How many changes lie between the two; null while ranks can't be told.
    behind: Option<u64>,
    /// Why ranks can't be told, or may not be soon.
    fault: Option<String>,
}

/// A line of a verification: how far it has come, and in the end what came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct VerificationLine {
    /// Players compared so far, in all seasons.
    players: u64,
    /// Those of them who had to be looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspects: Option<u64>,
    /// The last line: what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<VerificationBody>,
    /// The last line, if it couldn't be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// What came of a verification.
#[derive(Serialize, ToSchema)]
pub(super) struct VerificationBody {
    /// Whether ranks are as the log says, as far as could be seen.
    is_right: bool,
    /// The state of the board by its log when it began.
    #[schema(example = "b7.123")]
    as_of: String,
    /// How many players have another score or place in time than the log says, or stand there without reason, or don't.
    differing: u64,
    /// Up to 100 of them.
    users: Vec<String>,
    /// Of how many nothing is known, since they changed each time that they were compared.
    unsettled: u64,
    /// How many more players stand there than by the log; null if scores came meanwhile.
    surplus: Option<i64>,
}

/// How far ranks have come. Operators only.
#[utoipa::path(
    get,
    operation_id = "get_board_index",
    path = "/v1/boards/{board}/index",
    tag = "boards",
    params(("board" = String, Path)),
    responses((status = 200, body = IndexBody, description = "How far they have come"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(leaderboard): State<Leaderboard>,
    _operator: Operator,
    params: PathParams,
) -> Result<Json<IndexBody>, Problem> {
    let board = board(&leaderboard, &params).await?;
    state(&leaderboard, &board).await
}

async fn state(leaderboard: &Leaderboard, board: &Board) -> Result<Json<IndexBody>, Problem> {
    let state = leaderboard.index_state(board).await?;
    Ok(Json(IndexBody {
        log: board.as_of(state.log),
        index: state.index.map(|index| board.as_of(index)),
        behind: state.index.map(|index| state.log.0.saturating_sub(index.0)),
        fault: state.fault,
    }))
}

/// Has ranks built anew from what counts, while the old ones go on being told; answers once that is done. Operators only.
#[utoipa::path(
    post,
    operation_id = "rebuild_board_index",
    path = "/v1/boards/{board}/index/rebuild",
    tag = "boards",
    params(("board" = String, Path)),
    responses((status = 200, body = IndexBody, description = "Built anew"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn rebuild(
    State(leaderboard): State<Leaderboard>,
    _operator: Operator,
    params: PathParams,
) -> Result<Json<IndexBody>, Problem> {
    let board = board(&leaderboard, &params).await?;
    leaderboard.rebuild(&board).await?;
    state(&leaderboard, &board).await
}

/// Compares what ranks with what counts, while both go on; answers line by line. Operators only.
#[utoipa::path(
    post,
    operation_id = "verify_board_index",
    path = "/v1/boards/{board}/index/verification",
    tag = "boards",
    params(("board" = String, Path)),
    responses(
        (status = 200, body = VerificationLine, content_type = "application/x-ndjson",
            description = "A line now and then, and the last with `result`"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn verify(
    State(leaderboard): State<Leaderboard>,
    _operator: Operator,
    params: PathParams,
) -> Result<Response, Problem> {
    let board = board(&leaderboard, &params).await?;
    let (lines, waiting) = mpsc::channel(LINES_WAITING_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = run(&leaderboard, &board, &lines) => {}
            // Nobody wants to know any more.
            () = lines.closed() => {}
        }
    });
    let next = |mut waiting: mpsc::Receiver<VerificationLine>| async move {
        let line = waiting.recv().await?;
        let text = serde_json::to_string(&line).map(|text| text + "\n");
        Some((text, waiting))
    };
    let body = Body::from_stream(stream::unfold(waiting, next));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

async fn run(leaderboard: &Leaderboard, board: &Board, lines: &mpsc::Sender<VerificationLine>) {
    let progress = |Checked { players, suspects }| {
        let line =
            VerificationLine { players, suspects: Some(suspects), result: None, fault: None };
        // Whoever reads slowly is told less often.
        let _ = lines.try_send(line);
    };
    let line = match leaderboard.verify(board, progress).await {
        Ok(verified) => VerificationLine {
            players: verified.players,
            suspects: None,
            result: Some(result(board, &verified)),
            fault: None,
        },
        Err(error) => {
            let fault = Some(ErrorChain(&error).to_string());
            VerificationLine { players: 0, suspects: None, result: None, fault }
        }
    };
    let _ = lines.send(line).await;
}

fn result(board: &Board, verified: &Verified) -> VerificationBody {
    let users = verified.differing.iter().take(NAMED_MAX);
    VerificationBody {
        is_right: verified.is_right(),
        as_of: board.as_of(verified.as_of),
        differing: verified.differing.len() as u64,
        users: users.map(ToString::to_string).collect(),
        unsettled: verified.unsettled,
        surplus: verified.surplus,
    }
}

async fn board(leaderboard: &Leaderboard, params: &PathParams) -> Result<Board, Problem> {
    let id: BoardId = params.id("board")?;
    Ok(leaderboard.board(&id).await?)
}
