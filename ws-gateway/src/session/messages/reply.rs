use std::sync::Arc;

use model::{BoardId, DeviceId, Metres, Timestamp, UserId};

use super::{BoardEnd, RefusedFix, Rejection};
use crate::session::boards::{BoardView, Difference};
use crate::session::fixes::history::Kept;
use crate::session::fixes::validation::Unshown;
use crate::session::friends::people::ShownRelation;
use crate::session::limits::Limits;
use crate::session::outbound::reporting_hint::ReportingHint;
use crate::session::record::Record;
use crate::session::view::hysteresis::Decimetres;

/// One message to a client. What is large is boxed, since every connection has room for some.
#[derive(Debug)]
pub(crate) enum Reply {
    Welcome(Box<Welcome>),
    Snapshot(Box<Snapshot>),
    /// The client's own position, as another of its connections set it.
    Position(Arc<Record>),
    Push(Box<Push>),
    /// What friends in the client's list are called.
    Names(Box<[(UserId, Arc<str>)]>),
    /// A fix was taken in, and is shown unless something stands against it.
    Ack {
        device: DeviceId,
        seq: u64,
        kept: Kept,
        unshown: Option<Unshown>,
        /// Those of several that can't be taken.
        refused: Box<[RefusedFix]>,
    },
    Kept {
        device: DeviceId,
        located: bool,
    },
    SignedOff {
        device: DeviceId,
    },
    Pong {
        id: u64,
        at: Timestamp,
    },
    Renewed {
        token_expires: Timestamp,
    },
    Radius(Metres),
    /// How somebody stands to the user now.
    Relation(Box<(UserId, ShownRelation)>),
    /// That may have changed of anybody.
    RelationsUnknown,
    ReportingHint(ReportingHint),
    /// Something may have been missed; a snapshot follows.
    Gap,
    /// The client's own position has expired.
    Unlocated,
    Degraded {
        interval_ms: u64,
    },
    Recovered {
        interval_ms: u64,
    },
    Drain {
        closes_in_ms: u64,
    },
    /// What a board shows, or how that has changed.
    Board(Box<(BoardId, BoardChange)>),
    /// Changes of a board may have been missed; all of it follows.
    BoardGap {
        board: BoardId,
    },
    /// A board isn't watched any more.
    BoardClosed {
        board: BoardId,
        reason: BoardEnd,
    },
    /// The client's message changed nothing.
    Error(Box<Rejection>),
}

/// The first message.
#[derive(Debug)]
pub(crate) struct Welcome {
    pub(crate) user: UserId,
    pub(crate) session: String,
    pub(crate) epoch: String,
    pub(crate) at: Timestamp,
    pub(crate) radius: Metres,
    pub(crate) token_expires: Timestamp,
    pub(crate) hint: ReportingHint,
    /// The limits that hold for the session.
    pub(crate) limits: Arc<Limits>,
}

/// One part of a list of all who are near.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) epoch: String,
    pub(crate) at: Timestamp,
    /// Whether the client's own position is known.
    pub(crate) located: bool,
    pub(crate) friends: Vec<Seen>,
    /// Whether more parts follow.
    pub(crate) more: bool,
}

/// What has changed since the client was told last.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) at: Timestamp,
    pub(crate) changes: Changes,
}

/// Changes of friends, by kind.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) came: Vec<Seen>,
    pub(crate) moved: Vec<Seen>,
    /// Friends who stayed where they are while the watcher moved.
    pub(crate) distances: Vec<(UserId, Decimetres)>,
    pub(crate) left: Vec<(UserId, Departure)>,
}

impl Changes {
    /// How many friends these are.
    pub(crate) fn count(&self) -> usize {
        self.came.len() + self.moved.len() + self.distances.len() + self.left.len()
    }

    /// The positions in it that are new to the client.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &Record> {
        self.came.iter().chain(&self.moved).map(|seen| &*seen.record)
    }
}

/// What a client is told of a board.
#[derive(Debug)]
pub(crate) enum BoardChange {
    /// All that it watches.
    Whole(BoardView),
    /// What is different since it was told last.
    Part {
        /// The state that it has with this, the lowest if there are several; opaque.
        as_of: String,
        /// The highest of them, if there are several.
        as_of_highest: Option<String>,
        /// How many players stand on the board.
        count: u64,
        /// The place of the client's user.
        place: Option<u64>,
        /// What is different.
        difference: Difference,
    },
}

/// A friend and how far they are.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) record: Arc<Record>,
    pub(crate) distance: Decimetres,
}

/// Why a friend isn't in the list any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Beyond the exit radius.
    Far,
    /// No friend any more, or nowhere to be seen.
    Gone,
}
