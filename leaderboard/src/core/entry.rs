use crate::core::board::BoardPosition;

/// What a player has on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The score.
    pub score: i64,
    /// The position in the board's log at which they reached it: among equals the lower one stands first.
    pub reached: BoardPosition,
}
