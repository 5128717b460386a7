//! What boards show.

use std::sync::Arc;

use model::BoardId;
use serde::Serialize;

use crate::session::boards::{BoardStanding, Difference};
use crate::session::messages::BoardChange;

/// All that is watched of a board, or what has changed of it.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    board: &'a str,
    as_of: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_highest: Option<&'a str>,
    count: u64,
    place: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standings: Option<Vec<StandingBody<'a>>>,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    gone: &'a [u64],
}

#[derive(Serialize)]
struct StandingBody<'a> {
    place: u64,
    user: &'a str,
    display_name: Option<&'a str>,
    rank: u64,
    score: i64,
}

impl<'a> From<&'a Arc<BoardStanding>> for StandingBody<'a> {
    fn from(standing: &'a Arc<BoardStanding>) -> Self {
        Self {
            place: standing.place,
            user: standing.user.as_str(),
            display_name: standing.display_name.as_deref(),
            rank: standing.rank,
            score: standing.score,
        }
    }
}

pub(super) fn board(board: &BoardId, change: &BoardChange, out: &mut Vec<u8>) {
    let board = board.as_str();
    let message = match change {
        BoardChange::Whole(view) => Message {
            kind: "board",
            board,
            as_of: &view.as_of,
            as_of_highest: view.as_of_highest.as_deref(),
            count: view.count,
            place: view.place,
            standings: Some(view.standings.iter().map(StandingBody::from).collect()),
            gone: &[],
        },
        BoardChange::Part { as_of, as_of_highest, count, place, difference } => {
            let Difference { standings, gone } = difference;
            let standings =
                (!standings.is_empty()).then(|| standings.iter().map(StandingBody::from).collect());
            Message {
                kind: "board_push",
                board,
                as_of,
                as_of_highest: as_of_highest.as_deref(),
                count: *count,
                place: *place,
                standings,
                gone,
            }
        }
    };
    serde_json::to_writer(out, &message)
        .expect("strings and whole numbers always have a JSON form");
}
