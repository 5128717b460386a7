use std::fmt;

use model::{BoardId, DeviceId, Fix, Timestamp};

use crate::session::boards::BoardShape;

/// What a client asks for, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    /// Says who it is.
    Auth(Token),
    /// Says it again, before the first token expires.
    Renew(Token),
    /// One or more fixes of one device, in the order sent; never empty.
    Fixes {
        /// Which of the user's devices.
        device: DeviceId,
        /// In the order sent.
        fixes: Vec<SentFix>,
    },
    /// Still here, nothing moved.
    Keep {
        /// Which of the user's devices.
        device: DeviceId,
    },
    /// Gone, at once.
    SignOff {
        /// Which of the user's devices.
        device: DeviceId,
    },
    /// Tell what a board shows, and then what changes.
    WatchBoard {
        /// Which.
        board: BoardId,
        /// How much of it.
        shape: BoardShape,
    },
    /// Tell no more of it.
    UnwatchBoard {
        /// Which.
        board: BoardId,
    },
    /// Answer when everything before is told.
    Ping {
        /// Comes back in the answer.
        id: u64,
    },
}

/// A token, kept out of logs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// A fix with what orders it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SentFix {
    /// Grows with every fix of a device.
    pub(crate) seq: u64,
    /// The phone's clock.
    pub(crate) time: Option<Timestamp>,
    /// The position and what was measured with it.
    pub(crate) fix: Fix,
}
