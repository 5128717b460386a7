use std::cmp::Ordering;

use crate::core::board::{BoardPosition, Wins};

/// What a player has on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The score.
    pub score: i64,
    /// The position in the board's log at which they reached it: among equals the lower one stands first.
    pub reached: BoardPosition,
}

impl Entry {
    /// Who stands first of two: whoever has the better score, and of equal ones whoever reached it first.
    pub fn compare(self, other: Self, wins: Wins) -> Ordering {
        let by_score = match wins {
            Wins::High => other.score.cmp(&self.score),
            Wins::Low => self.score.cmp(&other.score),
        };
        by_score.then(self.reached.cmp(&other.reached))
    }
}
