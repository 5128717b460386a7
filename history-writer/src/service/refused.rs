//! What the log doesn't take, or has lost, so that tracks don't lack it silently.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;

use super::{Kept, Shared};
use crate::log::Answer;
use crate::metrics::POINTS;
use crate::{Gaps, LogError, LogPosition, OwnedLog, Point, Register, StoreError, TimeRange};

/// The gaps as far as this process knows: its own at once, those of other processes a while later.
#[derive(Debug, Default)]
pub(super) struct KnownGaps {
    gaps: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    all: Gaps,
    /// Those of this process that the register may not have: lost if it dies before the next [`KnownGaps::save`].
    unsaved: Gaps,
}

impl KnownGaps {
    /// Notes that points of these times are missing.
    pub(super) fn note(&self, range: TimeRange) {
        let mut known = self.gaps.lock();
        if known.all.add(range) {
            known.unsaved.add(range);
        }
    }

    /// Notes what logs have lost, by when it was received: when it was isn't known any more.
    pub(super) fn note_lost(&self, logs: &[OwnedLog]) {
        logs.iter().flat_map(|owned| owned.log.take_lost()).for_each(|range| self.note(range));
    }

    /// Whether points of these times may be missing.
    pub(super) fn overlap(&self, range: TimeRange) -> bool {
        self.gaps.lock().all.overlap(range)
    }

    /// Writes what was noted since the last time.
    pub(super) async fn save(&self, register: &dyn Register) -> Result<(), StoreError> {
        let unsaved = std::mem::take(&mut self.gaps.lock().unsaved);
        if unsaved.is_empty() {
            return Ok(());
        }
        let gaps: Vec<_> = unsaved.iter().collect();
        let saved = register.note_gaps(&gaps).await;
        if saved.is_err() {
            self.gaps.lock().unsaved.extend(gaps);
        }
        saved
    }

    /// Reads those of all processes.
    pub(super) async fn load(&self, register: &dyn Register) -> Result<(), StoreError> {
        let all = register.gaps().await?;
        let mut known = self.gaps.lock();
        let unsaved: Vec<_> = known.unsaved.iter().collect();
        known.all = all;
        known.all.extend(unsaved);
        Ok(())
    }
}

/// What becomes of points that the log doesn't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nobody sends them again: tracks of their times lack them.
    Lost,
    /// Whoever handed them in keeps them.
    Returned,
}

/// Points that were handed to the log. What it doesn't take is noted, also if nobody waits for the answer any more.
pub(super) struct Keeping {
    appended: Option<Answer<'static, LogPosition>>,
    handed_in: HandedIn,
}

struct HandedIn {
    points: u64,
    /// The times of which tracks lack points, if the log doesn't take these.
    lacking: Option<TimeRange>,
    shared: Arc<Shared>,
}

impl Keeping {
    /// These points, and what the log will answer.
    pub(super) fn new(
        shared: &Arc<Shared>,
        points: &[Point],
        refused: Refused,
        appended: Answer<'static, LogPosition>,
    ) -> Self {
        let lacking = (refused == Refused::Lost)
            .then(|| TimeRange::around(points.iter().map(Point::effective)));
        let (count, shared) = (points.len() as u64, Arc::clone(shared));
        let handed_in = HandedIn { points: count, lacking, shared };
        Self { appended: Some(appended), handed_in }
    }
}

impl HandedIn {
    fn heard(&self, answer: &Result<LogPosition, LogError>) -> Kept {
        self.shared.faults.heard_log(answer.as_ref().err());
        let (kept, name) = match answer {
            Ok(_) => (Kept::Log, "log"),
            Err(_) => (Kept::Memory, "memory"),
        };
        if answer.is_err()
            && let Some(times) = self.lacking
        {
            self.shared.gaps.note(times);
        }
        ::metrics::counter!(POINTS, "kept" => name).increment(self.points);
        kept
    }
}

impl Future for Keeping {
    type Output = Kept;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Kept> {
        let Some(appended) = &mut self.appended else { return Poll::Pending };
        let answer = std::task::ready!(appended.as_mut().poll(context));
        self.appended = None;
        Poll::Ready(self.handed_in.heard(&answer))
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let Some(appended) = self.appended.take() else { return };
        let HandedIn { points, lacking, shared } = &self.handed_in;
        let (points, lacking, shared) = (*points, *lacking, Arc::clone(shared));
        let handed_in = HandedIn { points, lacking, shared };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                handed_in.heard(&appended.await);
            });
        }
    }
}
