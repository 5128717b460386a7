//! What waits to be sent to a server. Whatever comes while a round is under way is in the next one.

use std::sync::Arc;

use model::UserId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Point;
use crate::log::LogError;
use crate::log::runs::{Runs, WAITING_BYTES_MAX};
use crate::log::write::{HandedIn, Unanswered, Write};

/// Points of one stream, and who waits for them.
pub(super) struct Pending {
    pub(super) stream: u32,
    pub(super) runs: Runs,
    pub(super) write: Unanswered,
}

/// What is sent together.
pub(super) struct Round {
    /// When the oldest of it was handed in.
    pub(super) since: Instant,
    pub(super) streams: Vec<Pending>,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    streams: Vec<(Runs, Arc<Write>)>,
    bytes: usize,
    since: Option<Instant>,
    /// Why nothing can be sent now.
    away: Option<LogError>,
    is_closing: bool,
}

impl Queue {
    /// Takes points, one at least.
    pub(super) fn hand_in(
        &self,
        stream: u32,
        user: &UserId,
        points: &[Point],
    ) -> Result<HandedIn, LogError> {
        let runs = Runs::encode(user, points);
        let mut state = self.state.lock();
        if let Some(error) = &state.away {
            return Err(error.clone());
        }
        if state.bytes > 0 && state.bytes + runs.bytes.len() > WAITING_BYTES_MAX {
            return Err(LogError::Busy);
        }
        state.bytes += runs.bytes.len();
        let is_first = state.since.is_none();
        state.since.get_or_insert_with(Instant::now);
        let at = stream as usize;
        if state.streams.len() <= at {
            state.streams.resize_with(at + 1, Default::default);
        }
        let (waiting, write) = &mut state.streams[at];
        waiting.extend(runs);
        let handed_in = HandedIn::new(write, waiting.points - 1);
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
        Ok(handed_in)
    }

    /// Waits for something to send; nothing at the end.
    pub(super) async fn next(&self) -> Option<Round> {
        loop {
            let changed = self.changed.notified();
            if let Some(round) = self.take() {
                return Some(round);
            }
            if self.state.lock().is_closing {
                return None;
            }
            changed.await;
        }
    }

    /// What waits, if anything does.
    fn take(&self) -> Option<Round> {
        let mut state = self.state.lock();
        let since = state.since.take()?;
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.streams).into_iter().zip(0..);
        let streams = waiting
            .filter(|((runs, _), _)| runs.points > 0)
            .map(|((runs, write), stream)| Pending { stream, runs, write: Unanswered::new(write) });
        Some(Round { since, streams: streams.collect() })
    }

    /// Nothing can be sent now: whoever comes hears it at once. Answers with what waits.
    pub(super) fn away(&self, error: &LogError) -> Vec<Pending> {
        self.state.lock().away = Some(error.clone());
        self.take().map(|round| round.streams).unwrap_or_default()
    }

    /// Whether nothing more comes.
    pub(super) fn is_closing(&self) -> bool {
        self.state.lock().is_closing
    }

    /// It can be tried again.
    pub(super) fn back(&self) {
        self.state.lock().away = None;
    }

    /// When nothing waits any more nothing more is sent.
    pub(super) fn close(&self) {
        self.state.lock().is_closing = true;
        self.changed.notify_one();
    }
}
