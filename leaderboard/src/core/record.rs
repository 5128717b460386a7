use model::{CanonicalDigest, Timestamp, UserId};

use crate::core::board::{Board, BoardNumber, BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::event::{EventKey, ScoreEvent};
use crate::core::mutation::Applied;
use crate::core::refusal::Refusal;

/// What the log says of something that happened: its outcome, never what is still to be worked out. Whoever takes records
/// in their order, and some of them twice, comes to the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// A board is this from now on.
    Board(Board),
    /// A board is gone, with all that was on it.
    Deleted(Board),
    /// An event came, and this became of it.
    Event(EventRecord),
    /// A player is banned from a board, or no more.
    Ban(BanRecord),
}

impl Record {
    /// The event, if it is of one.
    pub(crate) fn event(&self) -> Option<&EventRecord> {
        match self {
            Self::Event(event) => Some(event),
            Self::Board(_) | Self::Deleted(_) | Self::Ban(_) => None,
        }
    }
}

/// An event and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRecord {
    /// What came.
    pub event: ScoreEvent,
    /// When it came.
    pub at: Timestamp,
    /// What it is compared by if its key comes again.
    pub digest: CanonicalDigest,
    /// What each of its changes came to, or why none happened.
    pub result: Result<Vec<Applied>, Refusal>,
}

/// A ban, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BanRecord {
    /// The board.
    pub board: BoardNumber,
    /// Its place in the board's log.
    pub position: BoardPosition,
    /// The player.
    pub user: UserId,
    /// Whether they are banned from now on.
    pub is_banned: bool,
    /// What they have in the standings at the time.
    pub entries: Vec<(StandingsId, Entry)>,
}

/// What is remembered of an event by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// What it is compared by.
    pub digest: CanonicalDigest,
    /// When it came.
    pub at: Timestamp,
    /// What became of it.
    pub result: Result<Vec<Applied>, Refusal>,
}

/// Whose key.
pub(crate) type KeyOf = (UserId, EventKey);
