use std::sync::Arc;

use model::UserId;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::core::memory::Memory;
use crate::core::standings::Standings;
use crate::index::watchers::Watchers;
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Index, Neighbours, Page, PageStart, Players, View,
};

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
    fn read<T>(&self, board: &Board, read: impl FnOnce(&Memory, Option<&Standings>) -> T) -> T {
        let memory = self.memory.read();
        read(&memory, memory.standings(board.current()))
    }
}

impl Index for MemoryIndex {
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page> {
        let page = self.read(board, |memory, standings| {
            let from = |standings: &Standings| match start {
                PageStart::Place(place) => place,
                PageStart::After(entry) => standings.index_after(entry),
            };
            Page {
                as_of: memory.head(board.number),
                count: standings.map_or(0, Standings::count),
                standings: standings.map(|it| it.page(from(it), limit)).unwrap_or_default(),
            }
        });
        Box::pin(std::future::ready(Ok(page)))
    }

    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players> {
        let players = self.read(board, |memory, standings| {
            let standing = |user| standings.and_then(|it| it.standing(user));
            Players {
                as_of: memory.head(board.number),
                count: standings.map_or(0, Standings::count),
                standings: users.iter().map(standing).collect(),
            }
        });
        Box::pin(std::future::ready(Ok(players)))
    }

    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View> {
        let view = self.read(board, |memory, standings| View {
            as_of: memory.head(board.number),
            count: standings.map_or(0, Standings::count),
            top: standings.map(|it| it.page(0, top)).unwrap_or_default(),
            neighbours: standings.and_then(|it| {
                let (first, own, standings) = it.around(user, each)?;
                Some(Neighbours { first, own, standings })
            }),
        });
        Box::pin(std::future::ready(Ok(view)))
    }

    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()> {
        self.watchers.tell(board, position);
        Box::pin(std::future::ready(Ok(())))
    }

    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        let position = self.memory.read().head(board);
        Box::pin(std::future::ready(Ok(self.watchers.watch(board, position))))
    }
}
