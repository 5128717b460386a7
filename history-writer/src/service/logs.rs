//! How far the logs of other processes are, where there are others, and what is in them.

mod peers;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ErrorChain, Timestamp};
use parking_lot::Mutex;

use super::{Incomplete, Shared};
use crate::{LogId, LogMark, LogMarks, OwnedLog, PeerAddress, Peers, StoreError, TimeRange};
pub(super) use peers::Others;
pub use peers::{PEERS_ASKED_MAX, Unanswered};

/// Of a log that told nothing for so long it is said that it is away, milliseconds. Each process tells every second.
const AWAY_AFTER_MS: i64 = 10_000;
/// A log that told nothing for so long isn't waited for any more: what was in it counts as lost, milliseconds. A day: the process
/// may come back with its disk until then.
const GIVEN_UP_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// The logs of several processes.
pub struct SharedLogs {
    /// Where all tell how far they are.
    pub marks: Arc<dyn LogMarks>,
    /// Those that lie on servers, whoever reads them: what they have isn't lost with a process, so they are never given up.
    pub on_servers: Vec<LogId>,
    /// Where this process is asked what waits in those that it reads; `None` if it can't be: what others say then lacks that.
    pub address: Option<PeerAddress>,
    /// Asks the others.
    pub peers: Arc<dyn Peers>,
}

/// What is known of all logs.
#[derive(Debug, Default)]
pub(super) struct KnownLogs {
    known: Mutex<Option<Known>>,
    silent: peers::Silent,
}

#[derive(Debug, Clone)]
struct Known {
    marks: Arc<[LogMark]>,
    /// When they were read: a log that is newer has only what came later.
    read_at: Timestamp,
}

impl KnownLogs {
    /// Up to when nothing is missing of what nobody is asked for, where the own logs are so far at `now`. What is wrong with
    /// that is added to `incomplete`.
    pub(super) fn complete_until(
        &self,
        owned: &[OwnedLog],
        own: Timestamp,
        now: Timestamp,
        incomplete: &mut BTreeSet<Incomplete>,
    ) -> Timestamp {
        let known = self.known.lock();
        let Some(known) = &*known else {
            incomplete.insert(Incomplete::LogAway);
            return Timestamp(i64::MIN);
        };
        // Told by this process, of a log that it doesn't read any more, it counts as well.
        let is_other = |mark: &&LogMark| owned.iter().all(|it| it.id != mark.log);
        let others = known.marks.iter().filter(is_other);
        let mut until = own.min(known.read_at);
        for mark in others {
            if now - mark.told_at > AWAY_AFTER_MS {
                incomplete.insert(Incomplete::LogAway);
            }
            until = until.min(mark.stored_until);
        }
        until
    }
}

impl Shared {
    /// Tells of logs on servers that nobody has told of yet: whoever reads marks must know that they may have something.
    pub(super) async fn introduce_logs(&self) -> Result<(), StoreError> {
        let Some(SharedLogs { marks, on_servers, .. }) = &self.deps.shared_logs else {
            return Ok(());
        };
        if on_servers.is_empty() {
            return Ok(());
        }
        let (known, told_at) = (marks.all().await?, self.deps.clock.now().wall);
        for log in on_servers {
            if known.iter().all(|mark| mark.log != *log) {
                let (log, stored_until) = (*log, Timestamp(0));
                marks.tell(&LogMark { log, stored_until, told_at, address: None }).await?;
            }
        }
        Ok(())
    }

    /// Tells how far the own logs are, and reads how far all are. Those that have been silent for very long are given up.
    pub(super) async fn exchange_marks(&self) -> Result<(), StoreError> {
        let Some(SharedLogs { marks, on_servers, address, .. }) = &self.deps.shared_logs else {
            return Ok(());
        };
        let now = self.deps.clock.now().wall;
        for owned in self.deps.owned.now().iter() {
            marks.tell(&own_mark(owned, now, address.clone())).await?;
        }
        let mut known = marks.all().await?;
        let is_given_up = |mark: &LogMark| {
            now - mark.told_at > GIVEN_UP_AFTER_MS && !on_servers.contains(&mark.log)
        };
        for mark in known.extract_if(.., |mark| is_given_up(mark)) {
            tracing::error!(log = %mark.log, "a log of movement history is given up: what was in it and isn't stored is lost");
            let gap = TimeRange { from: mark.stored_until, to: mark.told_at };
            marks.forget(&mark, Some(gap)).await?;
        }
        self.logs.silent.retain(&known);
        *self.logs.known.lock() = Some(Known { marks: known.into(), read_at: now });
        Ok(())
    }

    /// Nobody waits for an own log any more that ends with this process, if all is stored that came; else it is told how far it is.
    pub(super) async fn leave_logs(&self) {
        let Some(SharedLogs { marks, on_servers, address, .. }) = &self.deps.shared_logs else {
            return;
        };
        for owned in self.deps.owned.now().iter() {
            let mark = own_mark(owned, self.deps.clock.now().wall, address.clone());
            let is_over =
                owned.log.status().oldest_received.is_none() && !on_servers.contains(&owned.id);
            let told = async {
                marks.tell(&mark).await?;
                if is_over { marks.forget(&mark, None).await } else { Ok(()) }
            };
            if let Err(error) = told.await {
                tracing::warn!(error = %ErrorChain(&error), "others don't know how far the log of movement history is");
            }
        }
    }
}

fn own_mark(
    OwnedLog { id, log }: &OwnedLog,
    now: Timestamp,
    address: Option<PeerAddress>,
) -> LogMark {
    LogMark { log: *id, stored_until: log.stored_until(now), told_at: now, address }
}
