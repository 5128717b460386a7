use crate::BoardPosition;

/// The states of a board that an answer is of: one, unless the board's players are on several servers, which take changes
/// independently. Then what comes from each server is of a state from the lowest to the highest; at rest both are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Nothing of the answer is of an earlier state.
    pub lowest: BoardPosition,
    /// Nothing of the answer is of a later state.
    pub highest: BoardPosition,
}

impl AsOf {
    /// Of an answer that is put together from one that is as of this, and another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { lowest: self.lowest.min(other.lowest), highest: self.highest.max(other.highest) }
    }

    /// The highest state, if there is more than one.
    pub fn other_highest(self) -> Option<BoardPosition> {
        Some(self.highest).filter(|highest| *highest != self.lowest)
    }
}

/// All of an answer is of this state.
impl From<BoardPosition> for AsOf {
    fn from(position: BoardPosition) -> Self {
        Self { lowest: position, highest: position }
    }
}
