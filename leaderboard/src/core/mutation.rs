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
    /// Ends what has come to its end of a board's seasons. Whatever else is written to the board does so too.
    EndSeasons {
        /// The board.
        board: BoardId,
    },
    /// Makes somebody unknown on all boards, in all of their seasons: what they have is somebody else's from now on, of whom
    /// nothing is known. If they score again, they begin anew.
    Erase {
        /// Who.
        user: UserId,
        /// Whose it is from now on: an id that nobody has, nor can guess.
        pseudonym: UserId,
    },
}

impl Mutation {
    /// The board that it makes, changes or deletes, if it does.
    pub(crate) fn board(&self) -> Option<&BoardId> {
        match self {
            Self::PutBoard { id, .. } | Self::DeleteBoard { id } => Some(id),
            Self::EndSeasons { board } => Some(board),
            Self::Post(_) | Self::Ban { .. } | Self::Erase { .. } => None,
        }
    }

    /// The word in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::PutBoard { .. } => "put_board",
            Self::DeleteBoard { .. } => "delete_board",
            Self::Post(_) => "post",
            Self::Ban { is_banned: true, .. } => "ban",
            Self::Ban { is_banned: false, .. } => "unban",
            Self::EndSeasons { .. } => "end_seasons",
            Self::Erase { .. } => "erase",
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
    /// When it came, by what the keys of events age by.
    pub keys: KeyTime,
}

/// A moment in the time that the keys of events age in: that of the calendar, except that it doesn't leap ahead with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTime {
    /// The moment.
    pub now: Timestamp,
    /// Keys that came at this moment or later are remembered.
    pub since: Timestamp,
}

impl KeyTime {
    /// A moment at which keys are remembered for this long, milliseconds.
    pub fn new(now: Timestamp, age_ms: i64) -> Self {
        Self { now, since: now.plus_ms(-age_ms) }
    }
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
    /// Of what ended of a board's seasons: on which board, and which position it has come to.
    Seasons(Effect, BoardNumber, BoardPosition),
    /// Of an erasing: each board that knew them, and which position it has come to.
    Erased(Vec<(BoardNumber, BoardPosition)>),
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
