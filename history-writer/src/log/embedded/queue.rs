//! What waits to be written. Whatever comes while a write is under way is in the next one; where that is little, what comes within
//! some milliseconds is too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::UserId;
use parking_lot::{Condvar, Mutex};

use crate::Point;
use crate::log::LogError;
use crate::log::runs::{Runs, WAITING_BYTES_MAX, lower};
use crate::log::write::{HandedIn, Unanswered, Write};

/// A write of as many points has gathered enough: the next one begins at once.
const WRITE_POINTS_MIN: u64 = 64;
/// So do as many bytes that wait.
const WRITE_BYTES_MIN: usize = 16 << 10;

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
        let handed_in = HandedIn::new(&state.write, before);
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
                return Turn::Write(runs, Unanswered::new(std::mem::take(&mut state.write)));
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
