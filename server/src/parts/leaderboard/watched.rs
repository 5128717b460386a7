mod tops;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use leaderboard::{Board, BoardPosition, Error, Leaderboard, Neighbours, Refusal, Standing, View};
use model::{BoardId, Caller, Clock, ErrorChain, UserId};
use tokio::sync::watch;
use ws_gateway::{BoardFailure, BoardShape, BoardStanding, BoardView, Boards};

use tops::{Top, Tops};

/// Boards as clients watch them over their sockets.
pub(super) struct WatchedBoards {
    boards: Leaderboard,
    clock: Arc<dyn Clock>,
    tops: Tops,
}

impl Boards for WatchedBoards {
    fn watch(&self, board: BoardId) -> BoxFuture<'_, Result<BoxStream<'static, ()>, BoardFailure>> {
        Box::pin(async move {
            let board = self.boards.board(&board).await.map_err(|error| failure(&error))?;
            let changes = self.boards.watch(&board).await.map_err(|error| failure(&error))?;
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
        Box::pin(
            async move { self.look(&viewer, &board, shape).await.map_err(|error| failure(&error)) },
        )
    }
}

impl WatchedBoards {
    pub(super) fn new(boards: Leaderboard, clock: Arc<dyn Clock>) -> Self {
        Self { boards, clock, tops: Tops::default() }
    }

    async fn look(
        &self,
        viewer: &Caller,
        id: &BoardId,
        shape: BoardShape,
    ) -> Result<BoardView, Error> {
        let viewer = (&viewer.user, viewer.role);
        let now = self.clock.now().monotonic;
        if let Some(top) = self.tops.recall(id, shape.top, now) {
            let (board, view) = self.boards.watched(id, viewer, 0, shape.around).await?;
            if top.is_of(&board, view.as_of) {
                return self.shown(&board, view, &top).await;
            }
        }
        let (board, mut view) = self.boards.watched(id, viewer, shape.top, shape.around).await?;
        let standings = self.named(0, std::mem::take(&mut view.top)).await?;
        let top = Top { board: board.clone(), as_of: view.as_of, read: now, standings };
        let top = Arc::new(top);
        self.tops.remember(id.clone(), shape.top, Arc::clone(&top));
        self.shown(&board, view, &top).await
    }

    /// A player's view and the first places of the same answer, or of the same state.
    async fn shown(&self, board: &Board, view: View, top: &Top) -> Result<BoardView, Error> {
        let View { as_of, count, neighbours, .. } = view;
        let mut standings = top.standings.clone();
        let mut own = None;
        if let Some(Neighbours { first, own: among, standings: mut around }) = neighbours {
            own = Some(first + among as u64 + 1);
            // Both may show the same places.
            let both = (standings.len() as u64).saturating_sub(first) as usize;
            around.drain(..both.min(around.len()));
            standings.extend(self.named(first + both as u64, around).await?);
        }
        Ok(BoardView {
            as_of: board.as_of(as_of.lowest),
            as_of_highest: as_of.other_highest().map(|highest| board.as_of(highest)),
            count,
            place: own,
            standings,
        })
    }

    /// Who stands on these places, from one on, counted from 0, with their names.
    async fn named(
        &self,
        first: u64,
        standings: Vec<Standing>,
    ) -> Result<Vec<Arc<BoardStanding>>, Error> {
        let users: Vec<UserId> = standings.iter().map(|it| it.user.clone()).collect();
        let names = self.boards.names(&users).await?;
        let all = (first + 1..).zip(standings).zip(names);
        Ok(all
            .map(|((place, it), display_name)| {
                let Standing { user, rank, entry, .. } = it;
                BoardStanding { place, user, display_name, rank, score: entry.score }.into()
            })
            .collect())
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
