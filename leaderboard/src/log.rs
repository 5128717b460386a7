//! The port to what keeps the truth, and its adapters.

mod codec;
#[cfg(feature = "test-kit")]
pub mod conformance;
pub mod embedded;
pub mod postgres;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use model::{BoardId, Timestamp, UserId};

use crate::{
    Board, BoardNumber, BoardPosition, Changes, Error, Outcome, Refusal, Standee, WriteRequest,
};

/// An answer to come.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Which log, and which of its lives: another one once it went back (a replica was promoted that lagged, a backup was
/// restored), since positions may mean something else then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub u128);

/// All who have something on a board.
pub struct Entries<'a> {
    /// The position that each of them is as of, or of a later one.
    pub as_of: BoardPosition,
    /// They, in pieces of up to [`STANDEES_MAX`](crate::limits::STANDEES_MAX), each once.
    pub standees: BoxStream<'a, Result<Vec<Standee>, Error>>,
}

/// Where events and their outcomes are kept: the truth.
///
/// **Order.** The changes of a board have positions, without gaps, in the order in which they were made durable, whichever
/// processes made them.
///
/// **Replay.** An event whose key its producer used, as long as that is remembered ([`KeyTime`](crate::KeyTime)), isn't
/// counted again: the answer is what it was the first time, and another event under that key is refused.
///
/// **When unavailable.** [`Error::Store`] from [`append`](Log::append) means that it isn't known whether the batch was kept,
/// in whole. The caller may send it again: events by their keys, and the rest is idempotent.
///
/// **Following.** Whoever keeps something that is derived from a board takes [`entries`](Log::entries) and then the
/// [`changes`](Log::changes) behind their position, in their order: that comes to what the log says. As long as the
/// [`id`](Log::id) stays the same it is enough to take changes from the last position on.
pub trait Log: Send + Sync {
    /// Decides writes in their order and appends what came of them, all or none, and answers each with its own outcome. A
    /// write that is refused changes nothing and doesn't undo its neighbours; the later ones see what the earlier ones did.
    ///
    /// At return all of it survives a power cut.
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>>;

    /// The board of this name, as of all that was answered before.
    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>>;

    /// The same with how many changes the board has seen, both at one moment.
    fn board_and_head<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<(Board, BoardPosition)>>;

    /// Up to `limit` boards behind `after`, in the order of their names as bytes.
    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>>;

    /// Up to `limit` boards of whose seasons something has come to its end by `at`, that the log doesn't say yet.
    fn due(&self, at: Timestamp, limit: usize) -> Answer<'_, Vec<BoardId>>;

    /// Those of these users who are banned from a board now.
    fn banned<'a>(&'a self, board: BoardNumber, users: &'a [UserId]) -> Answer<'a, Vec<UserId>>;

    /// Which log this is now. Whoever follows it asks for that first: from then on the last changes are at hand.
    fn id(&self) -> Answer<'_, LogId>;

    /// How far each board has come, in no order.
    fn heads(&self) -> Answer<'_, Vec<(BoardNumber, BoardPosition)>>;

    /// The changes of a board behind `after`, in their order, up to about `limit`, since a position isn't split; none at its
    /// head. `None` if the log doesn't have each of them any more, or there is no such board or position.
    fn changes(
        &self,
        board: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Answer<'_, Option<Changes>>;

    /// All who have something on a board, in any of its seasons; `None` if there is no such board.
    fn entries(&self, board: BoardNumber) -> Answer<'_, Option<Entries<'_>>>;

    /// What keeps the log from working now, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String> {
        None
    }
}
