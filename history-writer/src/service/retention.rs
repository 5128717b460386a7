//! What is older than is kept goes, piece by piece.

use std::sync::Arc;
use std::time::Duration;

use model::{ErrorChain, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Deps, Shared};
use crate::{FORGET_CHUNKS_MAX, StoreError, metrics};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How often it is looked for what is old, milliseconds, give or take a quarter: processes don't do so at one moment.
const LOOK_MS: u64 = 60 * 60 * 1_000;
/// The longest time before the first look after the start, milliseconds.
const FIRST_LOOK_MS_MAX: u64 = 10 * 60 * 1_000;
/// The pause between two pieces, in which others write.
const PAUSE: Duration = Duration::from_millis(20);

impl Deps {
    /// When points must have been received to be shown.
    pub(super) fn kept_since(&self) -> Timestamp {
        self.retention_ms().map_or(Timestamp(i64::MIN), |kept_ms| self.ago(kept_ms))
    }

    /// `None`: for ever.
    fn retention_ms(&self) -> Option<i64> {
        (self.retention_days > 0).then(|| i64::from(self.retention_days) * DAY_MS)
    }

    fn ago(&self, ms: i64) -> Timestamp {
        self.clock.now().wall.plus_ms(-ms)
    }
}

/// Goes on until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let random = Arc::clone(&shared.deps.random);
    let mut pause_ms = random.next_u64() % FIRST_LOOK_MS_MAX;
    while !*stop.borrow_and_update() {
        tokio::select! {
            () = sleep(Duration::from_millis(pause_ms)) => {}
            _ = stop.changed() => continue,
        }
        if let Err(error) = shared.forget_expired(&stop).await {
            tracing::warn!(error = %ErrorChain(&error), "movement history isn't forgotten now");
        }
        pause_ms = LOOK_MS * 3 / 4 + random.next_u64() % (LOOK_MS / 2);
    }
}

impl Shared {
    /// Forgets what was received too long ago, until it is stopped.
    ///
    /// An erasure, or a stretch in which a history was off, may go when it is twice as old: what it could touch was received before it,
    /// and was stored within the time that is kept, or never. Nothing of that is left then, in a log or a chunk.
    pub(super) async fn forget_expired(
        &self,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let Deps { store, register, .. } = &self.deps;
        let Some(kept_ms) = self.deps.retention_ms() else { return Ok(()) };
        let (expired, settled) = (self.deps.ago(kept_ms), self.deps.ago(2 * kept_ms));
        let is_stopped = || *stop.borrow();
        while !is_stopped() {
            let forgotten = store.forget(expired, FORGET_CHUNKS_MAX).await?;
            ::metrics::counter!(metrics::FORGOTTEN).increment(forgotten as u64);
            if forgotten < FORGET_CHUNKS_MAX {
                break;
            }
            sleep(PAUSE).await;
        }
        let mut left = true;
        while left && !is_stopped() {
            let letters = register.forget_letters(expired, FORGET_CHUNKS_MAX).await?;
            let forgotten = letters + register.forget(settled, FORGET_CHUNKS_MAX).await?;
            left = forgotten > 0;
            if left {
                self.records.forget_all();
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}
