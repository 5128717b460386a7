use api::Problem;
use api::export::{Next, Piece, lines, listed};
use futures_util::stream::BoxStream;
use model::{BoardId, UserId};
use serde_json::{Value, json};

use crate::core::cost::{PLAYER, STANDING};
use crate::{Board, Error, Leaderboard};

/// Boards that are read at a time.
const PAGE: usize = 100;

/// What leaderboards hold about a person: where they stand on every board, in every season that is kept. Boards from which they
/// are banned don't have them.
impl Piece for Leaderboard {
    fn name(&self) -> &'static str {
        "leaderboards"
    }

    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>> {
        let (leaderboard, user) = (self.clone(), user.clone());
        let read = move |after: Option<BoardId>| {
            let (leaderboard, user) = (leaderboard.clone(), user.clone());
            let page = async move {
                let boards = leaderboard.boards(after.as_ref(), PAGE).await?;
                let next = boards.last().filter(|_| boards.len() == PAGE);
                let next = next.map(|board| board.id.clone());
                let (mut standings, mut cost) = (Vec::new(), STANDING);
                for board in &boards {
                    cost += (PLAYER + STANDING) * (1 + board.past.len()) as u64;
                    standings.extend(leaderboard.in_all_seasons(board, &user).await?);
                }
                Ok((lines(standings, cost), next))
            };
            Box::pin(page) as _
        };
        listed("leaderboards/standings.ndjson", Box::new(read))
    }
}

impl Leaderboard {
    async fn in_all_seasons(&self, board: &Board, user: &UserId) -> Result<Vec<Value>, Error> {
        let mut standings = Vec::new();
        for season in board.seasons() {
            let Some(board) = board.in_season(season.number) else { continue };
            let players = self.players(&board, std::slice::from_ref(user)).await?;
            standings.extend(players.standings.into_iter().flatten().map(|standing| {
                json!({
                    "board": board.id.as_str(), "season": season.number,
                    "rank": standing.rank, "score": standing.entry.score,
                })
            }));
        }
        Ok(standings)
    }
}
