//! The port to where points wait until they are stored, and its adapters.

pub(crate) mod codec;
#[cfg(feature = "test-kit")]
pub mod conformance;
pub mod embedded;
mod owned;
mod packed;
mod recent_points;
mod runs;
pub mod streams;
mod taking;
mod uncertain_marks;
mod write;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{Timestamp, UserId};

use crate::{LogPosition, Logged, Point, TimeRange, metrics};
pub use owned::{OwnedLog, OwnedLogs};
pub use taking::TakePoints;

/// An answer to come.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, LogError>>;

/// Why the log didn't do what it was asked for. Cheap to clone: all who wait for one write hear of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// It has as many bytes as it may have. Nothing was taken.
    #[error("the log of movement history is full")]
    Full,
    /// More waits to be written than may. Nothing was taken.
    #[error("too much waits for the log of movement history")]
    Busy,
    /// It couldn't be written or read; it may be possible later. What was to be written isn't in the log.
    #[error("{0}")]
    Unavailable(Arc<str>),
    /// Nothing can be written until the process starts again. What was to be written may be in the log or not.
    #[error("{0}")]
    Stopped(Arc<str>),
    /// It can't be opened: not writable, not readable, or of a newer version.
    #[error("{0}")]
    Unusable(Arc<str>),
}

/// Points in the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// They, with ascending positions.
    pub points: Vec<Logged>,
    /// Where to read on.
    pub next: LogPosition,
}

/// How a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStatus {
    /// The bytes that it has.
    pub bytes: u64,
    /// The bytes that it may have.
    pub bytes_max: u64,
    /// From which position on points aren't stored.
    pub mark: LogPosition,
    /// The position of the next point.
    pub end: LogPosition,
    /// When the oldest point was received that isn't stored; `None` if all are.
    pub oldest_received: Option<Timestamp>,
    /// When the oldest point was received that isn't durable yet; `None` if all are.
    pub oldest_waiting: Option<Timestamp>,
}

/// Counts points that a log didn't take.
fn count_refused(error: &LogError, points: u64) {
    let reason = match error {
        LogError::Full => "full",
        LogError::Busy => "busy",
        LogError::Unavailable(_) | LogError::Unusable(_) => "unavailable",
        LogError::Stopped(_) => "stopped",
    };
    ::metrics::counter!(metrics::LOG_REFUSED, "reason" => reason).increment(points);
}

/// Until when nothing is missing, if this is the oldest that is.
fn before(oldest: Option<Timestamp>, now: Timestamp) -> Timestamp {
    oldest.map_or(now, |oldest| oldest.plus_ms(-1).min(now))
}

/// What points survive that a log has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survives {
    /// The end of this process, but not that of the machine which has them.
    Process,
    /// A power cut of this machine.
    PowerCut,
    /// The loss of this machine.
    LossOfHost,
}

/// Where points are kept from when they come until they are stored: the half that takes them. [`LogReader`] is the other one,
/// which may be in another process.
///
/// **Order.** Points have positions, which grow from point to point. Those of one call stand in its order, and those of a
/// later call behind those of an earlier one that was answered.
///
/// **Durability.** What [`append`](Log::append) answered with a position survives the end of the process, and as much as
/// [`survives`](Log::survives) says of power and hosts. What [`append_soon`](Log::append_soon) took may be lost with the process.
///
/// **Replay.** Points may be handed in again, and are then in the log twice: they have a name by which they are one.
///
/// **On an error.** [`Full`](LogError::Full), [`Busy`](LogError::Busy) and [`Unavailable`](LogError::Unavailable): the points
/// aren't in the log; the caller answers that they are kept in memory only, if at all, and goes on: live positions
/// don't wait for the log. [`Stopped`](LogError::Stopped): it isn't known whether they are in it, and nothing more is until
/// the process starts again; [`fault`](Log::fault) says why.
pub trait Log: Send + Sync {
    /// Hands in points of a user; that happens at once, also if the answer isn't awaited. Answers with the position of the
    /// last one when all are durable.
    fn append(&self, user: &UserId, points: &[Point]) -> Answer<'static, LogPosition>;

    /// Hands in points of a user, which will be durable some time later, unless that fails.
    fn append_soon(&self, user: &UserId, points: &[Point]) -> Result<(), LogError>;

    /// What points of a user survive that it answers now.
    fn survives(&self, user: &UserId) -> Survives;

    /// What keeps it from working until the process starts again, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String>;
}

/// The half of a log that is read, by one process at a time, until all of it is stored.
///
/// **Order.** Points have positions, which grow from point to point; they are read in that order.
///
/// **Durability.** Only what is durable is read. What was told to be stored ([`forget`](LogReader::forget)) is remembered for good a
/// while later.
///
/// **Replay.** Points are read again from the mark on whenever a process begins to read, also those that were stored
/// already: at least once, in the same order. The mark on which that begins is older than the one that was told last.
///
/// **On an error.** [`Unavailable`](LogError::Unavailable): the caller tries again later.
/// [`Stopped`](LogError::Stopped): another process reads this log now, and nothing that is told here counts any more; the caller
/// goes on trying until it is told so by [`OwnedLogs`].
pub trait LogReader: Send + Sync {
    /// The durable points from a position on, up to about `limit`; none at the end. Points that are damaged or were
    /// forgotten are passed over. What comes from here on can be waited for by [`wait`](LogReader::wait).
    fn read(&self, from: LogPosition, limit: usize) -> Answer<'_, Batch>;

    /// Waits until there are durable points at this position or behind it; forever, if none come.
    fn wait(&self, from: LogPosition) -> BoxFuture<'_, ()>;

    /// Tells that all points before the mark are stored. The log gives them up a while later, as its adapter says, so that
    /// they can be replayed if the store loses what it had acknowledged but not synced: the caller tells the mark
    /// every few seconds, also when it is the same. A lower mark than before changes nothing.
    fn forget(&self, mark: LogPosition) -> Answer<'_, ()>;

    /// Takes back what was told and isn't given up yet, since the store may have lost it; answers where to read on: all points
    /// before it are stored, and were a while ago.
    fn rewind(&self) -> Answer<'_, LogPosition>;

    /// Where reading begins after a start: all points before it are stored, and were a while ago.
    fn replay_from(&self) -> LogPosition;

    /// Hands the durable points of a user that aren't stored to `taker`, about in its direction; perhaps also some that are stored.
    /// Answers whether these were all that it wanted: not while more waits to be stored than the log remembers by user. It
    /// doesn't wait, and takes memory for some of them only.
    fn recent(&self, user: &UserId, taker: &mut dyn TakePoints) -> bool;

    /// The moment up to which all is stored that was received until then, as far as this log has it. `now` is that if
    /// nothing waits.
    fn stored_until(&self, now: Timestamp) -> Timestamp {
        before(self.status().oldest_received, now)
    }

    /// The moment up to which all is durable, and so is read, that was received until then and handed in.
    fn durable_until(&self, now: Timestamp) -> Timestamp {
        before(self.status().oldest_waiting, now)
    }

    /// The users who have durable points that aren't stored, in the order of their ids, those behind `after`, up to `limit`;
    /// perhaps also some all of whose points are stored. Answers whether these were all, as [`recent`](Log::recent) does. A log
    /// that doesn't know says no.
    fn recent_users(&self, _after: Option<&UserId>, _limit: usize) -> (Vec<UserId>, bool) {
        (Vec::new(), false)
    }

    /// The latest time of receipt of what the log had when it was opened, of which an earlier process' clock may have said that it
    /// lies ahead; `None` if there was nothing, or it isn't known.
    fn newest_received(&self) -> Option<Timestamp> {
        None
    }

    /// When points were received that turned out to be lost since this was asked last: they were durable, and can't be read.
    fn take_lost(&self) -> Vec<TimeRange> {
        Vec::new()
    }

    /// How it is now.
    fn status(&self) -> LogStatus;
}
