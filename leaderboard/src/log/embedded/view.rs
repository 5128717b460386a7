use model::{BoardId, UserId};

use crate::core::board::{Board, BoardNumber, BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::event::ScoreEvent;
use crate::core::memory::Memory;
use crate::core::record::Remembered;
use crate::core::standings::Standings;
use crate::core::transaction_state::Stored;
use crate::log::embedded::remembered::RememberedEvents;

/// What is stored, to decide by.
pub(super) struct View<'a> {
    pub memory: &'a Memory,
    pub remembered: &'a RememberedEvents,
}

impl Stored for View<'_> {
    fn board(&self, id: &BoardId) -> Option<Board> {
        self.memory.board(id).cloned()
    }

    fn boards_count(&self) -> usize {
        self.memory.boards_count()
    }

    fn last_number(&self) -> BoardNumber {
        self.memory.last_number()
    }

    fn head(&self, board: BoardNumber) -> BoardPosition {
        self.memory.head(board)
    }

    fn entry(&self, id: StandingsId, user: &UserId) -> Option<Entry> {
        self.memory.entry(id, user)
    }

    fn players_count(&self, id: StandingsId) -> u64 {
        self.memory.standings(id).map_or(0, Standings::players_count)
    }

    fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool {
        self.memory.is_banned(board, user)
    }

    fn banned_count(&self, board: BoardNumber) -> usize {
        self.memory.banned_count(board)
    }

    fn banned_on(&self, id: StandingsId) -> Vec<UserId> {
        self.memory.banned_on(id)
    }

    fn is_sealed(&self, id: StandingsId) -> bool {
        self.memory.is_sealed(id)
    }

    fn entries_of(&self, user: &UserId) -> Vec<(StandingsId, Entry)> {
        self.memory.entries_of(user)
    }

    fn bans_of(&self, user: &UserId) -> Vec<BoardNumber> {
        self.memory.bans_of(user)
    }

    fn remembered(&self, event: &ScoreEvent) -> Option<Remembered> {
        self.remembered.get(event)
    }

    fn room_for_events(&self) -> usize {
        self.remembered.room()
    }
}
