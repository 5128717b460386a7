use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// How often a part is asked what keeps it from working.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What `/ready` says: how every part does, and the node is ready while none of them is broken. And whether the node can
/// go on at all.
#[derive(Clone, Default)]
pub(crate) struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, State>>>,
    draining: Arc<AtomicBool>,
    /// The first part whose task died, once there is one.
    dead: watch::Sender<Option<&'static str>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// When a task may end by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Never: without it the node does harm, such as showing people for ever.
    Never,
    /// When it is asked to stop.
    WhenStopped,
}

/// How a part does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Works,
    /// Something of it is away, as it is for every node: sending clients to another one would help nobody.
    Degraded,
    /// New clients had better be sent to another node.
    Broken,
}

/// What keeps a part, or something of it, from working.
#[derive(Default)]
pub(crate) struct Condition {
    pub(crate) fault: Option<String>,
    /// Whether new clients had better be sent to another node for it.
    pub(crate) is_broken: bool,
}

impl Condition {
    /// Of a part that doesn't work at all with any fault.
    pub(crate) fn broken_by(fault: Option<String>) -> Self {
        Self { is_broken: fault.is_some(), fault }
    }
}

impl Readiness {
    fn set(&self, part: &'static str, state: State) {
        self.parts.lock().insert(part, state);
    }

    /// Every part with whether all of it works.
    pub(crate) fn parts(&self) -> BTreeMap<&'static str, bool> {
        self.parts.lock().iter().map(|(part, state)| (*part, *state == State::Works)).collect()
    }

    /// The parts of which something is away.
    pub(crate) fn degraded(&self) -> Vec<&'static str> {
        let parts = self.parts.lock();
        parts
            .iter()
            .filter_map(|(part, state)| (*state == State::Degraded).then_some(*part))
            .collect()
    }

    /// From now on the node isn't ready, whatever its parts say: it is going away.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the node is going away.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Whether no part is broken and the node isn't going away.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_draining() && self.parts.lock().values().all(|state| *state != State::Broken)
    }

    /// Runs a task that must not panic, nor end but when it may. If it does, the node isn't ready any more and is
    /// [dead](Self::dead), and the log says why.
    pub(crate) fn supervise(
        &self,
        part: &'static str,
        ends: Ends,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        // Now, not once the task has its first turn: whoever reads the address in the log may ask at once.
        self.set(part, State::Works);
        self.watch_over(part, ends, task)
    }

    fn watch_over(
        &self,
        part: &'static str,
        ends: Ends,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let readiness = self.clone();
        let watched = async move {
            let task = AssertUnwindSafe(task).catch_unwind();
            let ended = readiness.stop.run_until_cancelled(task).await;
            readiness.set(part, State::Broken);
            let died = match ended {
                Some(Ok(())) => (ends == Ends::Never).then_some("it has ended"),
                Some(Err(_)) => Some("it has panicked"),
                None => None,
            };
            if let Some(why) = died {
                tracing::error!(why, "a task that the service can't do without has died");
                readiness.dead.send_modify(|first| {
                    first.get_or_insert(part);
                });
            }
        };
        self.tasks.spawn(watched.instrument(tracing::error_span!("task", part)))
    }

    /// Ends all tasks that are left.
    pub(crate) async fn stop_tasks(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Completes with the part whose task died, once there is one: the node can't go on.
    pub(crate) async fn dead(&self) -> &'static str {
        let mut dead = self.dead.subscribe();
        let first = dead.wait_for(Option::is_some).await.ok().and_then(|first| *first);
        first.expect("it is never closed, since we hold the sender")
    }

    /// Asks a part again and again what keeps it from working. The log is told when the answer changes, not each time.
    pub(crate) fn follow(
        &self,
        part: &'static str,
        fault: impl Fn() -> Option<String> + Send + 'static,
    ) -> JoinHandle<()> {
        self.follow_in_parts(part, move || Condition::broken_by(fault()))
    }

    /// The same for a part that is in this process: it works from the start, with nothing to be connected.
    pub(crate) fn follow_own(
        &self,
        part: &'static str,
        condition: impl Fn() -> Condition + Send + 'static,
    ) -> JoinHandle<()> {
        self.set(part, State::Works);
        self.follow_by(part, condition)
    }

    /// The same for a part of which something may be away while the rest works.
    pub(crate) fn follow_in_parts(
        &self,
        part: &'static str,
        condition: impl Fn() -> Condition + Send + 'static,
    ) -> JoinHandle<()> {
        self.set(part, State::Broken);
        self.follow_by(part, condition)
    }

    fn follow_by(
        &self,
        part: &'static str,
        condition: impl Fn() -> Condition + Send + 'static,
    ) -> JoinHandle<()> {
        let readiness = self.clone();
        self.watch_over(part, Ends::Never, async move {
            let mut told = None;
            loop {
                // First of all, since right after the start everything is still connecting.
                tokio::time::sleep(LOOK_EVERY).await;
                readiness.look(part, &mut told, condition());
            }
        })
    }

    /// Sets how a part does by what keeps it from working, and logs that if it isn't what was `told` last.
    fn look(&self, part: &'static str, told: &mut Option<String>, condition: Condition) {
        let Condition { fault, is_broken } = condition;
        let state = match (&fault, is_broken) {
            (None, _) => State::Works,
            (Some(_), false) => State::Degraded,
            (Some(_), true) => State::Broken,
        };
        self.set(part, state);
        if *told == fault {
            return;
        }
        if let Some(why) = &fault {
            let ready = !is_broken;
            tracing::warn!(part, why, ready, "a part doesn't work");
        } else {
            tracing::info!(part, "it works again");
        }
        *told = fault;
    }
}

/// What is wrong with this machine's calendar, by how far it is ahead of servers', milliseconds.
pub(crate) fn clock_fault(offsets_ms: &[i64]) -> Option<String> {
    model::clock_is_off(offsets_ms).then(|| {
        format!(
            "this machine's clock is wrong: it is ahead of its servers' by {offsets_ms:?} ms, and at most {} are allowed, \
             either way. See that it is synchronised (NTP)",
            model::CLOCK_OFFSET_MS_MAX
        )
    })
}

#[cfg(test)]
mod tests;
