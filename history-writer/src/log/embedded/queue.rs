//! What waits to be written. Whatever comes while a write is under way is in the next one; where that is little, what comes within
//! some milliseconds is too.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use model::UserId;
use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use crate::log::LogError;
use crate::log::codec::put_run;
use crate::log::packed::Summary;
use crate::{LogPosition, Point};

/// The most bytes that wait, unless one call alone has more.
pub(super) const WAITING_BYTES_MAX: usize = 32 << 20;
/// The most points of a run: so that a run is always less than what may be packed at once.
pub(super) const RUN_POINTS_MAX: usize = 1_024;
/// A write of as many points has gathered enough: the next one begins at once.
const WRITE_POINTS_MIN: u64 = 64;
/// So do as many bytes that wait.
const WRITE_BYTES_MIN: usize = 16 << 10;
/// The bytes that a point takes at most, without its user: flags, a device of 64, five numbers, five values, a reason.
const POINT_BYTES_MAX: usize = 150;

/// Points of a user, as they are written.
#[derive(Debug)]
pub(super) struct Run {
    pub user: UserId,
    /// Where the points begin in the bytes of all runs.
    pub points_start: usize,
    /// Where they end.
    pub end: usize,
    pub summary: Summary,
}

/// Runs behind each other.
#[derive(Debug, Default)]
pub(super) struct Runs {
    pub bytes: Vec<u8>,
    pub list: Vec<Run>,
    pub points: u64,
    /// The lowest time of receipt.
    lowest: Option<i64>,
}

impl Runs {
    /// The points of a user, one at least.
    fn encode(user: &UserId, points: &[Point]) -> Self {
        // As phones are: three devices in a hundred points.
        let bytes = Vec::with_capacity(user.as_str().len() + 64 + points.len() * 32);
        let mut runs = Self { bytes, list: Vec::with_capacity(1), ..Self::default() };
        runs.points = points.len() as u64;
        for points in points.chunks(RUN_POINTS_MAX) {
            let points_start = put_run(&mut runs.bytes, user, points);
            let received = points.iter().map(|point| point.received.0);
            let lowest = received.clone().min().unwrap_or_default();
            let highest = received.max().unwrap_or_default();
            let summary = Summary { lowest, highest, points: points.len() as u32 };
            runs.lowest = lower(runs.lowest, Some(lowest));
            let end = runs.bytes.len();
            runs.list.push(Run { user: user.clone(), points_start, end, summary });
        }
        runs
    }

    /// Puts others behind these.
    fn extend(&mut self, others: Self) {
        let start = self.bytes.len();
        self.points += others.points;
        self.lowest = lower(self.lowest, others.lowest);
        self.bytes.extend_from_slice(&others.bytes);
        self.list.extend(others.list.into_iter().map(|run| Run {
            points_start: run.points_start + start,
            end: run.end + start,
            ..run
        }));
    }
}

fn lower(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// One write, for which all wait whose points are in it.
#[derive(Debug, Default)]
pub(super) struct Write {
    /// The position of its first point, once it is durable.
    outcome: OnceLock<Result<u64, LogError>>,
    done: Notify,
}

impl Write {
    fn answer(&self, outcome: Result<u64, LogError>) {
        // The first outcome counts.
        let _ = self.outcome.set(outcome);
        self.done.notify_waiters();
    }
}

/// A write that somebody waits for: also if it is dropped they are answered.
#[derive(Debug)]
pub(super) struct Unanswered(Arc<Write>);

impl Unanswered {
    /// Answers all who wait.
    pub(super) fn answer(self, outcome: Result<u64, LogError>) {
        self.0.answer(outcome);
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.answer(Err(LogError::Stopped("a fault of ours ended a write halfway".into())));
    }
}

/// Points that were handed in.
#[derive(Debug)]
pub(super) struct HandedIn {
    write: Arc<Write>,
    /// How many points of the write come before the last of them.
    before: u64,
}

impl HandedIn {
    /// Waits until they are durable; answers with the position of the last one.
    pub(super) async fn durable(self) -> Result<LogPosition, LogError> {
        // Made before the outcome is looked at, it can't miss that the write is done.
        let done = self.write.done.notified();
        if self.write.outcome.get().is_none() {
            done.await;
        }
        let outcome = self.write.outcome.get().expect("a write that is done has an outcome");
        outcome.clone().map(|first| LogPosition(first + self.before))
    }
}

/// What the thread that writes is to do next.
pub(super) enum Turn {
    /// Write these, and answer who waits.
    Write(Runs, Unanswered),
    /// Look whether the segment is too old.
    Look,
    End,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// How long after the beginning of a small write the next one begins.
    gather: Duration,
}

#[derive(Debug, Default)]
struct State {
    runs: Runs,
    write: Arc<Write>,
    /// The lowest time of receipt of what is being written.
    lowest_in_write: Option<i64>,
    /// When the last write began, if it was a small one.
    small_began: Option<Instant>,
    is_look_wanted: bool,
    is_closing: bool,
    /// Why nothing is written any more.
    failed: Option<LogError>,
}

impl State {
    /// How long to wait for more points before those that wait are written.
    fn gathers_for(&self, gather: Duration) -> Duration {
        let is_enough = self.is_closing || self.runs.bytes.len() >= WRITE_BYTES_MIN;
        let began = self.small_began.filter(|_| !is_enough);
        began.map_or(Duration::ZERO, |began| gather.saturating_sub(began.elapsed()))
    }
}

impl Queue {
    /// A small write is followed by another so long after its beginning.
    pub(super) fn new(gather: Duration) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), gather }
    }

    /// Takes points, one at least. `room` is how many bytes the log may still get.
    pub(super) fn hand_in(
        &self,
        user: &UserId,
        points: &[Point],
        room: u64,
    ) -> Result<HandedIn, LogError> {
        let runs = Runs::encode(user, points);
        let mut state = self.state.lock();
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let waiting = state.runs.bytes.len();
        if waiting as u64 + runs.bytes.len() as u64 > room {
            return Err(LogError::Full);
        }
        if waiting > 0 && waiting + runs.bytes.len() > WAITING_BYTES_MAX {
            return Err(LogError::Busy);
        }
        let fills = (1..WRITE_BYTES_MIN).contains(&waiting);
        state.runs.extend(runs);
        let is_enough = fills && state.runs.bytes.len() >= WRITE_BYTES_MIN;
        let before = state.runs.points - 1;
        let handed_in = HandedIn { write: Arc::clone(&state.write), before };
        drop(state);
        if waiting == 0 || is_enough {
            self.changed.notify_one();
        }
        Ok(handed_in)
    }

    /// Waits for something to do.
    pub(super) fn next(&self) -> Turn {
        let mut state = self.state.lock();
        loop {
            if state.runs.points > 0 {
                let gathers_for = state.gathers_for(self.gather);
                if !gathers_for.is_zero() {
                    self.changed.wait_for(&mut state, gathers_for);
                    continue;
                }
                let runs = std::mem::take(&mut state.runs);
                state.lowest_in_write = runs.lowest;
                state.small_began = (runs.points < WRITE_POINTS_MIN).then(Instant::now);
                return Turn::Write(runs, Unanswered(std::mem::take(&mut state.write)));
            }
            if state.is_closing {
                return Turn::End;
            }
            if std::mem::take(&mut state.is_look_wanted) {
                return Turn::Look;
            }
            self.changed.wait(&mut state);
        }
    }

    /// What was to be written is durable or refused; to be said before anybody is answered, who may ask at once.
    pub(super) fn written(&self) {
        self.state.lock().lowest_in_write = None;
    }

    /// Lets the thread look whether the segment is too old.
    pub(super) fn look(&self) {
        self.state.lock().is_look_wanted = true;
        self.changed.notify_one();
    }

    /// Lets the thread end when all is written.
    pub(super) fn close(&self) {
        self.state.lock().is_closing = true;
        self.changed.notify_one();
    }

    /// Whoever waits hears that nothing is written any more.
    pub(super) fn fail(&self, error: &LogError) {
        let mut state = self.state.lock();
        state.runs = Runs::default();
        state.failed = Some(error.clone());
        std::mem::take(&mut state.write).answer(Err(error.clone()));
    }

    /// The lowest time of receipt of what isn't durable yet.
    pub(super) fn lowest_received(&self) -> Option<i64> {
        let state = self.state.lock();
        lower(state.lowest_in_write, state.runs.lowest)
    }
}

const _: () = assert!(
    RUN_POINTS_MAX * POINT_BYTES_MAX + 256 <= crate::log::packed::RUNS_BYTES_MAX,
    "a run can always be packed"
);
