//! The log in files of its own, for a deployment of one process.

use std::path::Path;
use std::sync::Arc;

use model::BoardId;
use parking_lot::RwLock;
use sql::StoreError;

use crate::core::board::{BoardNumber, BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::memory::Memory;
use crate::core::record::{KeyOf, Record, Remembered};
use crate::core::remembered::RememberedEvents;
use crate::core::transaction_state::{Stored, TransactionState};
use crate::index::memory::MemoryIndex;
use crate::{Answer, Board, Log, Outcome, Refusal, WriteRequest};
use model::UserId;

/// The embedded log. What it says is in memory too, since it decides from there; its [`index`](Self::index) reads the same.
#[derive(Debug)]
pub struct EmbeddedLog {
    memory: Arc<RwLock<Memory>>,
    remembered: RwLock<RememberedEvents>,
}

impl EmbeddedLog {
    /// Opens the log in `data_dir`, which must exist.
    #[expect(clippy::unused_async, reason = "nothing is read from files yet")]
    pub async fn open(_data_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self { memory: Arc::default(), remembered: RwLock::default() })
    }

    /// Ranks by what the log says: as of all that was answered.
    pub fn index(&self) -> MemoryIndex {
        MemoryIndex::new(Arc::clone(&self.memory))
    }

    fn commit(&self, writes: Vec<WriteRequest>) -> Vec<Result<Outcome, Refusal>> {
        let (outcomes, records) = {
            let (memory, remembered) = (self.memory.read(), self.remembered.read());
            let stored = View { memory: &memory, remembered: &remembered };
            let mut state = TransactionState::new(&stored);
            let outcomes = writes.into_iter().map(|write| state.apply(write)).collect();
            (outcomes, state.into_records())
        };
        let mut memory = self.memory.write();
        for record in &records {
            memory.take(record);
            if let Record::Event(event) = record {
                self.remembered.write().take(event);
            }
        }
        outcomes
    }
}

impl Log for EmbeddedLog {
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        Box::pin(async { Ok(self.commit(writes)) })
    }

    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>> {
        Box::pin(async { Ok(self.memory.read().board(id).cloned()) })
    }

    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>> {
        Box::pin(async move { Ok(self.memory.read().boards(after, limit)) })
    }
}

/// What is stored, to decide by.
struct View<'a> {
    memory: &'a Memory,
    remembered: &'a RememberedEvents,
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

    fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool {
        self.memory.is_banned(board, user)
    }

    fn banned_count(&self, board: BoardNumber) -> usize {
        self.memory.banned_count(board)
    }

    fn remembered(&self, key: &KeyOf) -> Option<Remembered> {
        self.remembered.get(key).cloned()
    }
}
