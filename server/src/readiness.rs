use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    ) -> tokio::task::JoinHandle<()> {
        let latch = self.latch(part);
        tokio::spawn(async move {
            latch.open();
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
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Latch {
    /// The part works.
    pub(crate) fn open(&self) {
        self.readiness.set(self.part, true);
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
}
