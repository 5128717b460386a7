//! The port to what keeps the truth, and its adapters.

mod codec;
#[cfg(feature = "test-kit")]
pub mod conformance;
pub mod embedded;

use futures_util::future::BoxFuture;
use model::BoardId;

use crate::{Board, Error, Outcome, Refusal, WriteRequest};

/// An answer to come.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Where events and their outcomes are kept: the truth.
///
/// **Order.** The changes of a board have positions, without gaps, in the order in which they were made durable, whichever
/// processes made them.
///
/// **Replay.** An event whose key its producer used within a day isn't counted again: the answer is what it was the
/// first time, and another event under that key is refused.
///
/// **When unavailable.** [`Error::Store`] from [`append`](Log::append) means that it isn't known whether the batch was kept,
/// in whole. The caller may send it again: events by their keys, and the rest is idempotent.
pub trait Log: Send + Sync {
    /// Decides writes in their order and appends what came of them, all or none, and answers each with its own outcome. A
    /// write that is refused changes nothing and doesn't undo its neighbours; the later ones see what the earlier ones did.
    ///
    /// At return all of it survives a power cut.
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>>;

    /// The board of this name, as of all that was answered before.
    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>>;

    /// Up to `limit` boards behind `after`, in the order of their names as bytes.
    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>>;

    /// What keeps the log from working now, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String> {
        None
    }
}
