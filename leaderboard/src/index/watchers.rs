use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{BoardNumber, BoardPosition};

/// Who is to be told when a board changes.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    boards: Mutex<HashMap<BoardNumber, watch::Sender<BoardPosition>>>,
}

impl Watchers {
    /// One more who is told of a board, which has come to this position.
    pub(crate) fn watch(
        &self,
        board: BoardNumber,
        position: BoardPosition,
    ) -> watch::Receiver<BoardPosition> {
        let mut boards = self.boards.lock();
        // Whoever watches pays for those who don't any more.
        boards.retain(|_, sender| sender.receiver_count() > 0);
        boards.entry(board).or_insert_with(|| watch::Sender::new(position)).subscribe()
    }

    /// What is watched of a board ends.
    pub(crate) fn forget(&self, board: BoardNumber) {
        self.boards.lock().remove(&board);
    }

    /// Tells all who watch a board that it changed, also without a further position.
    pub(crate) fn tell(&self, board: BoardNumber, position: BoardPosition) {
        if let Some(sender) = self.boards.lock().get(&board) {
            sender.send_modify(|latest| *latest = position.max(*latest));
        }
    }

    /// Tells all who watch any board: answers may be others, or none.
    pub(crate) fn tell_all(&self) {
        self.boards.lock().values().for_each(|sender| sender.send_modify(|_| {}));
    }
}
