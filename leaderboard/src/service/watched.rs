use std::sync::Arc;

use model::{BoardId, Monotonic, Role, UserId};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::Leaderboard;
use crate::{Board, BoardPosition, Error, Refusal, StoreError, View};

/// Boards that are remembered for those who watch them.
const BOARDS_MAX: usize = 1_024;
/// How often one look is begun anew because the board's rules or season have changed meanwhile.
const LOOKS_MAX: usize = 4;
/// How old what is remembered of a board may be, milliseconds, if nothing on it has changed since.
const AGE_MS_MAX: u64 = 1_000;

/// Boards as they were lately. Whoever watches one looks at it several times a second, and so do thousands beside them: the
/// log is asked once for all of them.
pub(super) struct KnownBoards(Cache<BoardId, Arc<Mutex<Option<Known>>>>);

/// A board as it was when it had come to this position.
#[derive(Clone)]
struct Known {
    board: Board,
    head: BoardPosition,
    at: Monotonic,
}

impl Default for KnownBoards {
    fn default() -> Self {
        Self(Cache::new(BOARDS_MAX))
    }
}

impl KnownBoards {
    /// This board was changed or deleted.
    pub(super) fn forget(&self, id: &BoardId) {
        self.0.remove(id);
    }
}

impl Leaderboard {
    /// What somebody who watches a board sees of it, as [`view`](Self::view); refused to whom it isn't for. Its rules and
    /// season are those of the view's state, and at most a second old.
    pub async fn watched(
        &self,
        id: &BoardId,
        viewer: (&UserId, Role),
        top: usize,
        each: usize,
    ) -> Result<(Board, View), Error> {
        let (user, role) = viewer;
        let mut known = self.known(id, BoardPosition(0)).await?;
        for _ in 0..LOOKS_MAX {
            if !known.board.is_read_by(role) {
                return Err(Refusal::ServicesOnly.into());
            }
            let view = self.view(&known.board, top, user, each).await?;
            if view.as_of.highest <= known.head {
                return Ok((known.board, view));
            }
            // It has changed since: perhaps what it is, too, not only who stands there.
            let newer = self.known(id, view.as_of.highest).await?;
            if newer.board == known.board {
                return Ok((newer.board, view));
            }
            known = newer;
        }
        Err(StoreError::unavailable("the board's rules change faster than it can be looked at")
            .into())
    }

    /// The board as it was at this position or later, and lately. Who ask together wait for one answer.
    async fn known(&self, id: &BoardId, position: BoardPosition) -> Result<Known, Error> {
        let slot = self
            .shared
            .known
            .0
            .get_or_insert_with(id, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(slot) = slot;
        let mut slot = slot.lock().await;
        let now = self.shared.clock.now().monotonic;
        if let Some(known) = &*slot
            && known.head >= position
            && now.since_ms(known.at) <= AGE_MS_MAX
        {
            return Ok(known.clone());
        }
        let found = self.shared.log.board_and_head(id).await?;
        let (board, head) = found.ok_or(Refusal::NoSuchBoard)?;
        let known = Known { board, head, at: now };
        *slot = Some(known.clone());
        Ok(known)
    }
}
