//! The handle, and what drives the core with I/O.

mod faults;
mod keys;
mod reading;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::{Clock, Random, UserId};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{
    ChunkingLimits, DeploymentKeys, Erasure, Log, LogError, Point, Register, Store, StoreError,
    TimeRange, TooManyErasures,
};
use faults::Faults;
pub use reading::Track;
use writer::Writer;

/// What movement history is made of.
pub struct Deps {
    /// Where points wait until they are stored.
    pub log: Arc<dyn Log>,
    /// Where chunks are stored.
    pub store: Arc<dyn Store>,
    /// Where keys, erasures and choices of users are.
    pub register: Arc<dyn Register>,
    /// Wrap the keys of users.
    pub keys: DeploymentKeys,
    /// When chunks are closed.
    pub chunking: ChunkingLimits,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes keys of users, so it must be one for secrets; and spreads retries.
    pub random: Arc<dyn Random>,
}

/// What points survive that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the user turned their history off.
    Nothing,
    /// The log didn't take them, or couldn't say that they are durable: they may be gone with this process.
    Memory,
    /// As much as the log promises: a power cut, of the one on a disk.
    Log,
}

/// Movement history; cheap to clone.
#[derive(Clone)]
pub struct History {
    shared: Arc<Shared>,
}

struct Shared {
    deps: Deps,
    /// Said once nothing more is to be written.
    stop: watch::Sender<bool>,
    writing: Mutex<Option<JoinHandle<()>>>,
    faults: Faults,
}

impl History {
    /// Starts the task that stores what is in the log, within a tokio runtime.
    pub fn start(deps: Deps) -> Self {
        let history = Self::idle(deps);
        let writer = Writer::new(Arc::clone(&history.shared));
        let task = tokio::spawn(writer.run(history.shared.stop.subscribe()));
        *history.shared.writing.lock() = Some(task);
        history
    }

    fn idle(deps: Deps) -> Self {
        let (stop, writing) = (watch::Sender::new(false), Mutex::new(None));
        Self { shared: Arc::new(Shared { deps, stop, writing, faults: Faults::default() }) }
    }

    /// Keeps points of a user. They are handed in at once, also if the answer isn't awaited.
    ///
    /// Whether the user turned their history off is looked up when points are stored, so that no fix waits for it: what
    /// such a user sends lies in the log until then.
    pub fn keep(&self, user: &UserId, points: &[Point]) -> BoxFuture<'static, Kept> {
        let appended = self.shared.deps.log.append(user, points);
        let shared = Arc::clone(&self.shared);
        let answered = move |answer: Result<_, LogError>| {
            shared.faults.heard_log(answer.as_ref().err());
            if answer.is_ok() { Kept::Log } else { Kept::Memory }
        };
        appended.map(answered).boxed()
    }

    /// Erases what was received until now of a stretch of time, or of all time: it is gone from every answer from then on,
    /// whatever is read from logs again. With all time the user's key is destroyed.
    pub async fn erase(
        &self,
        user: &UserId,
        range: TimeRange,
    ) -> Result<Result<(), TooManyErasures>, StoreError> {
        let Deps { store, register, clock, .. } = &self.shared.deps;
        let erasure = Erasure { range, erased_at: clock.now().wall };
        if range == TimeRange::ALL {
            register.erase_all(user, erasure.erased_at).await?;
        } else if let Err(refused) = register.erase(user, erasure).await? {
            return Ok(Err(refused));
        }
        // What stays of it isn't shown.
        store.erase(user, erasure).await.map(Ok)
    }

    /// Turns a user's history off or on. What was kept stays.
    pub async fn set_off(&self, user: &UserId, is_off: bool) -> Result<(), StoreError> {
        self.shared.deps.register.set_off(user, is_off).await
    }

    /// Stops storing, and returns when nothing is being stored any more. What isn't stored lies in the log, and is when the
    /// process starts again.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        let task = self.shared.writing.lock().take();
        if let Some(task) = task {
            // One that died has nothing more to do.
            let _ = task.await;
        }
    }

    /// What keeps it from working, or kept it when it was tried last, for operators; `None` as far as is known.
    pub fn fault(&self) -> Option<String> {
        let Deps { log, store, register, .. } = &self.shared.deps;
        let told = log.fault().or_else(|| store.fault()).or_else(|| register.fault());
        told.or_else(|| self.shared.faults.last())
    }
}
