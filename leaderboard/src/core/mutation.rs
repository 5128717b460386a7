use model::{BoardId, Timestamp, UserId};

use crate::core::board::{Board, BoardNumber, BoardPosition, Rules, StandingsId};
use crate::core::entry::Entry;
use crate::core::event::ScoreEvent;

/// Something to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutation {
    /// Makes a board, or gives it other rules.
    PutBoard {
        /// Which.
        id: BoardId,
        /// Its rules from now on.
        rules: Rules,
    },
    /// Deletes a board with all that is on it.
    DeleteBoard {
        /// Which.
        id: BoardId,
    },
    /// Scores.
    Post(ScoreEvent),
    /// Takes a player off a board, or puts them back: their score goes on being counted meanwhile.
    Ban {
        /// The board.
        board: BoardId,
        /// The player.
        user: UserId,
        /// Whether they are banned from now on.
        is_banned: bool,
    },
}

impl Mutation {
    /// The word in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::PutBoard { .. } => "put_board",
            Self::DeleteBoard { .. } => "delete_board",
            Self::Post(_) => "post",
            Self::Ban { is_banned: true, .. } => "ban",
            Self::Ban { is_banned: false, .. } => "unban",
        }
    }
}

/// A mutation, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRequest {
    /// What.
    pub mutation: Mutation,
    /// When it came.
    pub at: Timestamp,
}

model::words! {
    /// What a mutation did, with the words in metrics and answers.
    pub enum Effect {
        /// Made something.
        Created = "created",
        /// Changed it.
        Changed = "changed",
        /// It was so already, or a better score stands.
        Unchanged = "unchanged",
        /// Removed it.
        Removed = "removed",
    }
}

/// What came of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of a board that was made or changed.
    Board(Effect, Board),
    /// Of one that was deleted.
    Deleted(BoardNumber),
    /// Of a ban: on which board, and which position it has come to.
    Ban(Effect, BoardNumber, BoardPosition),
    /// Of an event: each of its changes, in their order.
    Posted(Vec<Applied>),
}

/// What a change of a score came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// On which standings.
    pub standings: StandingsId,
    /// Its place in the board's log.
    pub position: BoardPosition,
    /// The player.
    pub user: UserId,
    /// What they have since.
    pub entry: Entry,
    /// Whether that is another score than before.
    pub effect: Effect,
}
