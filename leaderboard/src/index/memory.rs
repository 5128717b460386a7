mod following;
mod reading;

use std::sync::Arc;

use model::UserId;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::core::memory::Memory;
use crate::core::standings::Standings;
use crate::index::watchers::Watchers;
use crate::{Answer, Board, BoardNumber, BoardPosition, Index, Page, PageStart, Players, View};
pub use following::FollowingIndex;

/// Ranks in this process' memory.
#[derive(Debug, Clone)]
pub struct MemoryIndex {
    memory: Arc<RwLock<Memory>>,
    watchers: Arc<Watchers>,
}

impl MemoryIndex {
    pub(crate) fn new(memory: Arc<RwLock<Memory>>) -> Self {
        Self { memory, watchers: Arc::default() }
    }

    /// Reads a board's standings, if anybody is on them, all of it as of one state.
    fn read<T>(
        &self,
        board: &Board,
        read: impl FnOnce(BoardPosition, Option<&Standings>) -> T,
    ) -> T {
        let memory = self.memory.read();
        read(memory.head(board.number), memory.standings(board.current()))
    }
}

impl Index for MemoryIndex {
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page> {
        let read = |at, standings: Option<&Standings>| reading::page(at, standings, start, limit);
        Box::pin(std::future::ready(Ok(self.read(board, read))))
    }

    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players> {
        let read = |at, standings: Option<&Standings>| reading::players(at, standings, users);
        Box::pin(std::future::ready(Ok(self.read(board, read))))
    }

    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View> {
        let read =
            |at, standings: Option<&Standings>| reading::view(at, standings, top, user, each);
        Box::pin(std::future::ready(Ok(self.read(board, read))))
    }

    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()> {
        self.watchers.tell(board, position);
        Box::pin(std::future::ready(Ok(())))
    }

    /// This memory is the log's: there is nothing that could differ from it.
    fn rebuild<'a>(&'a self, _: &'a Board) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn forget(&self, board: BoardNumber) {
        self.watchers.forget(board);
    }

    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        let position = self.memory.read().head(board);
        Box::pin(std::future::ready(Ok(self.watchers.watch(board, position))))
    }
}
