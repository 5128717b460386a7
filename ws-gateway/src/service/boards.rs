use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use model::{BoardId, Caller};

use crate::session::boards::{BoardFailure, BoardShape, BoardView};

/// What clients who watch boards need of leaderboards; the server fills it.
///
/// * **Order.** Whatever changes a board after [`watch`](Boards::watch) was answered is said by the stream, or in a view
///   that was asked for after that.
/// * **Retry.** Every call may be repeated. After [`BoardFailure::Unavailable`] the client is told of a gap once it had
///   something, and the board is read again after a second.
pub trait Boards: Send + Sync {
    /// Says each time that a board may be another one than before; what happens while nobody listens is said once. It ends
    /// when the board is deleted, or when changes may have been missed: then it is watched and read again.
    fn watch(&self, board: BoardId) -> BoxFuture<'_, Result<BoxStream<'static, ()>, BoardFailure>>;

    /// What somebody sees of a board now.
    fn view(
        &self,
        viewer: Caller,
        board: BoardId,
        shape: BoardShape,
    ) -> BoxFuture<'_, Result<BoardView, BoardFailure>>;
}
