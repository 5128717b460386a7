use std::sync::Arc;

use leaderboard::{AsOf, Board, SeasonState};
use model::{BoardId, Monotonic};
use quick_cache::sync::Cache;
use ws_gateway::BoardStanding;

/// Boards, each with so many places, whose first places are remembered; at most some 30 KB each.
const TOPS_MAX: usize = 256;
/// How long the names in them are shown, milliseconds.
const AGE_MS_MAX: u64 = 100;

/// The first places of boards, with names, as they were read last: thousands who watch a board are shown the same ones.
pub(super) struct Tops(Cache<(BoardId, usize), Arc<Top>>);

/// The first places of a board.
pub(super) struct Top {
    /// The board as it was then.
    pub(super) board: Board,
    /// The state that they are of.
    pub(super) as_of: AsOf,
    /// When they were read.
    pub(super) read: Monotonic,
    /// Who stands there, by place.
    pub(super) standings: Vec<Arc<BoardStanding>>,
}

impl Default for Tops {
    fn default() -> Self {
        Self(Cache::new(TOPS_MAX))
    }
}

impl Tops {
    /// So many first places, if they were read just now.
    pub(super) fn recall(
        &self,
        board: &BoardId,
        places: usize,
        now: Monotonic,
    ) -> Option<Arc<Top>> {
        let top = self.0.get(&(board.clone(), places))?;
        (now.since_ms(top.read) <= AGE_MS_MAX).then_some(top)
    }

    /// These were read.
    pub(super) fn remember(&self, board: BoardId, places: usize, top: Arc<Top>) {
        self.0.insert((board, places), top);
    }
}

impl Top {
    /// Whether they belong to an answer about the rest of the board: both are of one and the same state. Who is shown of a
    /// sealed season isn't a question of its state: those are read each time.
    pub(super) fn is_of(&self, board: &Board, as_of: AsOf) -> bool {
        let is_sealed = board.season.state() == SeasonState::Sealed;
        self.as_of == as_of && as_of.other_highest().is_none() && self.board == *board && !is_sealed
    }
}
