//! The port to what ranks, and its adapters.

mod as_of;
mod follower;
pub(crate) mod memory;
pub mod redis;
mod watchers;

use model::UserId;
use tokio::sync::watch;

use crate::{Answer, Board, BoardNumber, BoardPosition, Entry, ScoreRange, Standing};
pub use as_of::AsOf;

/// Where a page of standings begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStart {
    /// At this place from the top, from 0, however ranks are counted.
    Place(u64),
    /// Behind whoever has this entry, or would stand there.
    After(Entry),
}

/// A part of standings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The state of the board that this is, or the states.
    pub as_of: AsOf,
    /// How many players stand on the board.
    pub count: u64,
    /// The players, in their order.
    pub standings: Vec<Standing>,
}

/// Some players of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Players {
    /// The state of the board that this is, or the states.
    pub as_of: AsOf,
    /// How many players stand on the board.
    pub count: u64,
    /// Each of the players, in the order in which they were asked for; `None` for whoever is absent or banned.
    pub standings: Vec<Option<Standing>>,
}

/// What one player is shown of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The state of the board that this is, or the states.
    pub as_of: AsOf,
    /// How many players stand on the board.
    pub count: u64,
    /// The first players.
    pub top: Vec<Standing>,
    /// The player among their neighbours; `None` if they are absent or banned.
    pub neighbours: Option<Neighbours>,
}

/// A player among their neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbours {
    /// The place of the first of them from the top, from 0, however ranks are counted.
    pub first: u64,
    /// Which of them the player is.
    pub own: usize,
    /// They, in their order.
    pub standings: Vec<Standing>,
}

/// Who stands where, derived from the log. Every answer says which state of the board it is of. If the board's players are on
/// several servers it is put together from what each of them says, exactly, of its own state: [`AsOf`] has the lowest and the
/// highest of these, which are equal once no scores come.
///
/// **Behind.** An index may be behind its log, or away. [`Error::Store`] then means nothing but that: scores are taken
/// meanwhile, and the index takes them later.
pub trait Index: Send + Sync {
    /// Up to `limit` players from `start` on.
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page>;

    /// These players.
    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players>;

    /// The first `top` players, and a player with up to `each` neighbours above and below.
    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View>;

    /// Completes once all of an answer is as of this position of a board or a later one; called by whoever appended to the log, so it
    /// also hurries an index that follows. [`Error::Store`](crate::Error::Store) if that takes longer than about a second.
    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()>;

    /// Has a board built anew from its log, while what there is of it goes on answering; completes when that is done.
    fn rebuild<'a>(&'a self, board: &'a Board) -> Answer<'a, ()>;

    /// A board was deleted, as whoever appended that says: who watches it is told by the end of what they watch.
    fn forget(&self, board: BoardNumber);

    /// Says each time that answers about a board may be others than before, as of which position; whoever looks late sees the
    /// latest only.
    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>>;

    /// The scores that it keeps exactly: boards have no others.
    fn range(&self) -> ScoreRange {
        ScoreRange::default()
    }

    /// What keeps the index from answering now, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String> {
        None
    }
}
