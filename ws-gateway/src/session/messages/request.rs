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
    /// One or more fixes of one device.
    Fixes {
        /// Which of the user's devices.
        device: DeviceId,
        /// What can be read of them, in the order sent.
        fixes: Vec<SentFix>,
        /// Those of several that can't be taken.
        refused: Vec<RefusedFix>,
        /// The number of the last that has one.
        last_seq: u64,
        /// Values that are left out of the fixes.
        left_out: LeftOut,
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
    /// The position and what was measured with it; `None` if the phone says that its position isn't valid.
    pub(crate) fix: Option<Fix>,
}

/// A fix of several that can't be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedFix {
    /// Its place in the message, from 0.
    pub(crate) index: usize,
    /// Its number, if it has one.
    pub(crate) seq: Option<u64>,
    /// What is wrong with it, for the client's developer.
    pub(crate) detail: String,
}

model::words! {
    /// What a fix may tell beside its position, as on the wire.
    pub(crate) enum OptionalField {
        /// Radius within which the phone believes itself to be, metres.
        Accuracy = "accuracy_m",
        /// Above the ellipsoid, metres.
        Altitude = "altitude_m",
        /// Over ground, metres per second.
        Speed = "speed_mps",
        /// Clockwise from true north, degrees.
        Heading = "heading_deg",
        /// Charge, percent.
        Battery = "battery_percent",
    }
}

/// How many values of a message were left out, or clamped, since they can't be or say "unknown".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut([u16; OptionalField::ALL.len()]);

impl LeftOut {
    /// One more.
    pub(crate) fn add(&mut self, field: OptionalField) {
        self.0[field as usize] += 1;
    }

    /// The fields of which any were, with how many.
    pub(crate) fn counts(self) -> impl Iterator<Item = (OptionalField, u16)> {
        OptionalField::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }
}
