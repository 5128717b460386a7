//! The port by which the processes of a deployment tell each other how far their logs are.

use std::fmt;

use model::Timestamp;

use crate::{PeerAddress, StoreAnswer, TimeRange};

/// The most logs of a deployment.
pub const LOGS_MAX: usize = 4_096;

/// Which log: the one folder in which a process keeps its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub u128);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How far a log is, as its process told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogMark {
    /// Which log.
    pub log: LogId,
    /// All is stored that its process received until then.
    pub stored_until: Timestamp,
    /// When this was told, by the clock of that process.
    pub told_at: Timestamp,
    /// Where that process is asked what lies in it; `None` if it can't be.
    pub address: Option<PeerAddress>,
}

/// How far the logs of all processes are, and where these are asked. What lies in the log of a process that doesn't answer isn't in
/// the tracks of this one, so these say up to when they are complete.
///
/// **Truth.** A read sees every write that was answered before it began, by whichever process. A process tells of its log before
/// it takes a point into it, so whoever reads afterwards knows of that log.
///
/// **Durability.** What was answered survives a power cut.
///
/// **Replay.** Every call may be repeated and then changes nothing more.
///
/// **On an error.** As of [`Store`](crate::Store). The caller goes on with what it read before, which was true then: a mark
/// goes back only when a log is opened again, or when the store may have lost what it had answered.
pub trait LogMarks: Send + Sync {
    /// Tells how far a log is, in the place of what was told of it before.
    /// [`Unavailable`](sql::StoreErrorKind::Unavailable) if it is new and there are [`LOGS_MAX`] already.
    fn tell<'a>(&'a self, mark: &'a LogMark) -> StoreAnswer<'a, ()>;

    /// All marks, in the order of their ids.
    fn all(&self) -> StoreAnswer<'_, Vec<LogMark>>;

    /// Forgets a log; with `gap` notes in the register ([`note_gaps`](crate::Register::note_gaps)), in the same transaction, what tracks
    /// lack without it. Only if its mark is still this one, so that a process that comes back isn't given up.
    fn forget<'a>(&'a self, mark: &'a LogMark, gap: Option<TimeRange>) -> StoreAnswer<'a, ()>;
}
