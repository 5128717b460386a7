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
    /// Something about a board's seasons is this from now on.
    Season(SeasonRecord),
    /// Somebody is unknown from now on.
    Erased(ErasedRecord),
}

impl Record {
    /// The event, if it is of one.
    pub(crate) fn event(&self) -> Option<&EventRecord> {
        match self {
            Self::Event(event) => Some(event),
            Self::Board(_)
            | Self::Deleted(_)
            | Self::Ban(_)
            | Self::Season(_)
            | Self::Erased(_) => None,
        }
    }
}

/// An event and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRecord {
    /// What came.
    pub event: ScoreEvent,
    /// When it came, in the time that keys age in.
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
    /// What they have at the time, in the seasons that aren't sealed: the others stay as they are.
    pub entries: Vec<(StandingsId, Entry)>,
}

/// A season that ended, was sealed or began. What is on seasons that the board has no more is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeasonRecord {
    /// The board, as it is from now on.
    pub board: Board,
    /// Its place in the board's log.
    pub position: BoardPosition,
    /// The season that is sealed with this, if one is.
    pub sealed: Option<Sealed>,
}

/// A season whose ranks are final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Its standings.
    pub standings: StandingsId,
    /// Who isn't on them any more, since they were banned when it was sealed. Everybody else is shown.
    pub left_out: Vec<UserId>,
}

/// Somebody who is unknown from now on, under this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErasedRecord {
    /// Who it was.
    pub user: UserId,
    /// Whose it is now.
    pub pseudonym: UserId,
    /// All boards that knew them.
    pub boards: Vec<ErasedFrom>,
}

/// A board that knew somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErasedFrom {
    /// The board.
    pub board: BoardNumber,
    /// Its place in the board's log.
    pub position: BoardPosition,
    /// Whether they are banned.
    pub is_banned: bool,
    /// What they have, and whether they are shown there.
    pub entries: Vec<(StandingsId, Entry, bool)>,
}

/// What is remembered of an event by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// What it is compared by.
    pub digest: CanonicalDigest,
    /// When it came, in the time that keys age in.
    pub at: Timestamp,
    /// What became of it.
    pub result: Result<Vec<Applied>, Refusal>,
}

/// Whose key.
pub(crate) type KeyOf = (UserId, EventKey);
