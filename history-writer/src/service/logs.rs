//! How far the logs of other processes are, where there are others.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ErrorChain, Timestamp};
use parking_lot::Mutex;

use super::{Incomplete, Shared};
use crate::{LogId, LogMark, LogMarks, StoreError, TimeRange};

/// Of a log that told nothing for so long it is said that it is away, milliseconds. Each process tells every second.
const AWAY_AFTER_MS: i64 = 10_000;
/// A log that told nothing for so long isn't waited for any more: what was in it counts as lost, milliseconds. A day: the process
/// may come back with its disk until then.
const GIVEN_UP_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// The log of this process among those of others.
pub struct SharedLogs {
    /// This process' own.
    pub own: LogId,
    /// Where all tell how far they are.
    pub marks: Arc<dyn LogMarks>,
}

/// What is known of the others' logs.
#[derive(Debug, Default)]
pub(super) struct KnownLogs {
    known: Mutex<Option<Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    others: Vec<LogMark>,
    /// When they were read: a log that is newer has only what came later.
    read_at: Timestamp,
}

impl KnownLogs {
    /// Up to when tracks are complete that this process, whose own log is so far, puts together at `now`. What is wrong with that
    /// is added to `incomplete`.
    pub(super) fn complete_until(
        &self,
        own: Timestamp,
        now: Timestamp,
        incomplete: &mut BTreeSet<Incomplete>,
    ) -> Timestamp {
        let known = self.known.lock();
        let Some(known) = &*known else {
            incomplete.insert(Incomplete::LogAway);
            return Timestamp(i64::MIN);
        };
        if known.others.iter().any(|mark| now - mark.told_at > AWAY_AFTER_MS) {
            incomplete.insert(Incomplete::LogAway);
        }
        let until = known.others.iter().map(|mark| mark.stored_until);
        until.fold(own.min(known.read_at), Timestamp::min)
    }
}

impl Shared {
    /// Tells how far the own log is, and reads how far the others' are. Those that have been silent for very long are given up.
    pub(super) async fn exchange_marks(&self) -> Result<(), StoreError> {
        let Some(SharedLogs { own, marks }) = &self.deps.shared_logs else { return Ok(()) };
        let now = self.deps.clock.now().wall;
        marks.tell(&self.own_mark(*own, now)).await?;
        let mut others = marks.all().await?;
        others.retain(|mark| mark.log != *own);
        for mark in others.extract_if(.., |mark| now - mark.told_at > GIVEN_UP_AFTER_MS) {
            tracing::error!(log = %mark.log, "a log of movement history is given up: what was in it and isn't stored is lost");
            let gap = TimeRange { from: mark.stored_until, to: mark.told_at };
            marks.forget(&mark, Some(gap)).await?;
        }
        *self.logs.known.lock() = Some(Known { others, read_at: now });
        Ok(())
    }

    /// Nobody waits for the own log any more if all is stored that came; else it is told how far it is.
    pub(super) async fn leave_logs(&self) {
        let Some(SharedLogs { own, marks }) = &self.deps.shared_logs else { return };
        let mark = self.own_mark(*own, self.deps.clock.now().wall);
        let is_empty = self.deps.log.status().oldest_received.is_none();
        let told = async {
            marks.tell(&mark).await?;
            if is_empty { marks.forget(&mark, None).await } else { Ok(()) }
        };
        if let Err(error) = told.await {
            tracing::warn!(error = %ErrorChain(&error), "others don't know how far the log of movement history is");
        }
    }

    fn own_mark(&self, log: LogId, now: Timestamp) -> LogMark {
        LogMark { log, stored_until: self.deps.log.stored_until(now), told_at: now }
    }
}
