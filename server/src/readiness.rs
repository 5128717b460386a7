use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often a part is asked what keeps it from working.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What `/ready` says: every part of the node is a latch, and the node is ready while all of them are set. And whether the
/// node can go on at all.
#[derive(Clone)]
pub(crate) struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, bool>>>,
    /// The first part whose task died, once there is one.
    dead: watch::Sender<Option<&'static str>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { parts: Arc::default(), dead: watch::Sender::new(None) }
    }
}

/// When a task may end by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Never: without it the node does harm, such as showing people for ever.
    Never,
    /// When it is asked to stop.
    WhenStopped,
}

/// One part's word that it works. Dropping it, as a task does that ends or panics, takes the word back.
pub(crate) struct Latch {
    readiness: Readiness,
    part: &'static str,
}

impl Readiness {
    /// A part that isn't ready yet.
    pub(crate) fn latch(&self, part: &'static str) -> Latch {
        self.set(part, false);
        Latch { readiness: self.clone(), part }
    }

    fn set(&self, part: &'static str, ready: bool) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).insert(part, ready);
    }

    /// Every part with whether it works.
    pub(crate) fn parts(&self) -> BTreeMap<&'static str, bool> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a task that must not panic, nor end but when it may. If it does, the node isn't ready any more and is
    /// [dead](Self::dead), and the log says why.
    pub(crate) fn supervise(
        &self,
        part: &'static str,
        ends: Ends,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let latch = self.latch(part);
        self.watch_over(part, ends, async move {
            latch.set(true);
            task.await;
        })
    }

    fn watch_over(
        &self,
        part: &'static str,
        ends: Ends,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let dead = self.dead.clone();
        tokio::spawn(async move {
            let inner = tokio::spawn(task);
            let _ends_with_us = AbortOnDrop(inner.abort_handle());
            let died = match inner.await {
                Ok(()) => (ends == Ends::Never).then_some("it has ended"),
                Err(error) => error.is_panic().then_some("it has panicked"),
            };
            if let Some(why) = died {
                tracing::error!(part, why, "a task that the service can't do without has died");
                dead.send_modify(|first| {
                    first.get_or_insert(part);
                });
            }
        })
    }

    /// Completes with the part whose task died, once there is one: the node can't go on.
    pub(crate) async fn dead(&self) -> &'static str {
        let mut dead = self.dead.subscribe();
        loop {
            if let Some(part) = *dead.borrow_and_update() {
                return part;
            }
            // It is never closed, since we hold the sender.
            let _ = dead.changed().await;
        }
    }

    /// Asks a part again and again what keeps it from working. The log is told when the answer changes, not each time.
    pub(crate) fn follow(
        &self,
        part: &'static str,
        fault: impl Fn() -> Option<String> + Send + 'static,
    ) -> JoinHandle<()> {
        let latch = self.latch(part);
        self.watch_over(part, Ends::Never, async move {
            let mut told = None;
            loop {
                // First of all, since right after the start everything is still connecting.
                tokio::time::sleep(LOOK_EVERY).await;
                look(&latch, &mut told, fault());
            }
        })
    }
}

/// Sets the latch by what keeps the part from working, and logs that if it isn't what was `told` last.
fn look(latch: &Latch, told: &mut Option<String>, fault: Option<String>) {
    latch.set(fault.is_none());
    if *told == fault {
        return;
    }
    let part = latch.part;
    if let Some(why) = &fault {
        tracing::warn!(part, why, "not ready");
    } else {
        tracing::info!(part, "ready again");
    }
    *told = fault;
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Latch {
    /// Whether the part works.
    pub(crate) fn set(&self, works: bool) {
        self.readiness.set(self.part, works);
    }
}

impl Drop for Latch {
    fn drop(&mut self) {
        self.readiness.set(self.part, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_takes_its_word_back() {
        let readiness = Readiness::default();
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let task = readiness.supervise("part", Ends::WhenStopped, async move {
            let _ = wait.await;
            panic!("as intended by the test");
        });
        while readiness.parts() != BTreeMap::from([("part", true)]) {
            tokio::task::yield_now().await;
        }
        go.send(()).expect("waiting");
        task.await.expect("the supervisor doesn't panic");
        assert_eq!(readiness.parts(), BTreeMap::from([("part", false)]));
        assert_eq!(readiness.dead().await, "part");
    }

    async fn is_dead(readiness: &Readiness) -> bool {
        tokio::time::timeout(Duration::ZERO, readiness.dead()).await.is_ok()
    }

    #[tokio::test]
    async fn a_task_that_ends_is_dead_unless_it_may_end() {
        let readiness = Readiness::default();
        let may = readiness.supervise("listener", Ends::WhenStopped, async {});
        may.await.expect("the supervisor doesn't panic");
        assert!(!is_dead(&readiness).await);
        let aborted = readiness.supervise("aborted", Ends::Never, std::future::pending());
        aborted.abort();
        assert!(aborted.await.is_err_and(|error| error.is_cancelled()));
        assert!(!is_dead(&readiness).await);
        readiness.supervise("gateway", Ends::Never, async {});
        assert_eq!(readiness.dead().await, "gateway");
    }

    #[tokio::test]
    async fn a_server_that_is_away_turns_its_part_red_until_it_is_back() {
        let readiness = Readiness::default();
        let fault = Arc::new(Mutex::new(None));
        let asked = fault.clone();
        readiness.follow("server", move || asked.lock().expect("not poisoned").clone());
        for (why, works) in [(None, true), (Some("away".to_owned()), false), (None, true)] {
            *fault.lock().expect("not poisoned") = why;
            let followed = async {
                while readiness.parts() != BTreeMap::from([("server", works)]) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), followed).await.expect("in time");
        }
    }
}
