use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use leaderboard::{Board, BoardPosition, Error, Leaderboard, Neighbours, Refusal, Standing, View};
use model::{BoardId, Caller, ErrorChain, UserId};
use tokio::sync::watch;
use ws_gateway::{BoardFailure, BoardShape, BoardStanding, BoardView, Boards};

/// Boards as clients watch them over their sockets.
pub(super) struct WatchedBoards(pub(super) Leaderboard);

impl Boards for WatchedBoards {
    fn watch(&self, board: BoardId) -> BoxFuture<'_, Result<BoxStream<'static, ()>, BoardFailure>> {
        Box::pin(async move {
            let board = self.0.board(&board).await.map_err(|error| failure(&error))?;
            let changes = self.0.watch(&board).await.map_err(|error| failure(&error))?;
            let next = |mut changes: watch::Receiver<BoardPosition>| async move {
                changes.changed().await.ok()?;
                Some(((), changes))
            };
            Ok(stream::unfold(changes, next).boxed())
        })
    }

    fn view(
        &self,
        viewer: Caller,
        board: BoardId,
        shape: BoardShape,
    ) -> BoxFuture<'_, Result<BoardView, BoardFailure>> {
        Box::pin(async move {
            let viewer = (&viewer.user, viewer.role);
            let found = self.0.watched(&board, viewer, shape.top, shape.around).await;
            let (board, view) = found.map_err(|error| failure(&error))?;
            self.shown(&board, view).await.map_err(|error| failure(&error))
        })
    }
}

impl WatchedBoards {
    async fn shown(&self, board: &Board, view: View) -> Result<BoardView, Error> {
        let View { as_of, count, top, neighbours } = view;
        let (first, own, around) = match neighbours {
            Some(Neighbours { first, own, standings }) => {
                (first, Some(first + own as u64), standings)
            }
            None => (0, None, Vec::new()),
        };
        // Both may show the same places.
        let standings: BTreeMap<u64, Standing> =
            (0..).zip(top).chain((first..).zip(around)).collect();
        let users: Vec<UserId> = standings.values().map(|it| it.user.clone()).collect();
        let names = self.0.names(&users).await?;
        let standing =
            |((place, it), display_name): ((u64, Standing), Option<String>)| BoardStanding {
                place: place + 1,
                user: it.user,
                display_name,
                rank: it.rank,
                score: it.entry.score,
            };
        Ok(BoardView {
            as_of: board.as_of(as_of.lowest),
            as_of_highest: as_of.other_highest().map(|highest| board.as_of(highest)),
            count,
            place: own.map(|own| own + 1),
            standings: standings.into_iter().zip(names).map(standing).collect(),
        })
    }
}

fn failure(error: &Error) -> BoardFailure {
    match error {
        Error::Refused(Refusal::NoSuchBoard) => BoardFailure::NoSuchBoard,
        Error::Refused(Refusal::ServicesOnly) => BoardFailure::Forbidden,
        Error::Refused(_) | Error::Store(_) => {
            tracing::debug!(error = %ErrorChain(error), "a board that is watched can't be read now");
            BoardFailure::Unavailable
        }
    }
}
