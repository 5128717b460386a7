use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

/// How often a part is asked what keeps it from working.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What `/ready` says: every part of the node is a latch, and the node is ready while all of them are set.
#[derive(Clone, Default)]
pub(crate) struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, bool>>>,
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

    /// Runs a task that must not end; if it does, the node isn't ready any more, and the log says so.
    pub(crate) fn supervise(
        &self,
        part: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let latch = self.latch(part);
        tokio::spawn(async move {
            latch.set(true);
            let inner = tokio::spawn(task);
            let _ends_with_us = AbortOnDrop(inner.abort_handle());
            match inner.await {
                Ok(()) => tracing::error!(part, "a task that must not end has ended"),
                Err(error) if error.is_panic() => tracing::error!(part, "a task has panicked"),
                Err(_) => {}
            }
            drop(latch);
        })
    }

    /// Asks a part again and again what keeps it from working. The log is told when the answer changes, not each time.
    pub(crate) fn follow(
        &self,
        part: &'static str,
        fault: impl Fn() -> Option<String> + Send + 'static,
    ) -> JoinHandle<()> {
        let latch = self.latch(part);
        tokio::spawn(async move {
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
        let task = readiness.supervise("part", async move {
            let _ = wait.await;
            panic!("as intended by the test");
        });
        while readiness.parts() != BTreeMap::from([("part", true)]) {
            tokio::task::yield_now().await;
        }
        go.send(()).expect("waiting");
        task.await.expect("the supervisor doesn't panic");
        assert_eq!(readiness.parts(), BTreeMap::from([("part", false)]));
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
