use model::UserId;

use crate::core::board::{BoardPosition, StandingsId};
use crate::core::entry::Entry;

/// What somebody has on standings from now on, if anything: absolute, so that it may be taken twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standee {
    /// On which.
    pub standings: StandingsId,
    /// The player.
    pub user: UserId,
    /// What they have; `None`: nothing any more, and whoever follows must not keep their name.
    pub entry: Option<Entry>,
    /// Whether they stand among the others; banned they don't.
    pub is_shown: bool,
}

/// Changes of a board, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The position that the board has come to with them. It may lie behind the last of those who stand elsewhere: not
    /// every change moves somebody.
    pub up_to: BoardPosition,
    /// Who stands elsewhere, each with the position of the change.
    pub standees: Vec<(BoardPosition, Standee)>,
}
