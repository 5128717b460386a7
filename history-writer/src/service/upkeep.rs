//! What is looked at again and again, whether points come or not.

use std::sync::Arc;
use std::time::Duration;

use model::ErrorChain;
use tokio::sync::watch;
use tokio::time::sleep;

use super::Shared;
use crate::metrics::{LOG_BYTES_MAX, LOG_OLDEST_AGE, USERS_OFF};
use crate::{LogStatus, StoreError};

/// How often gaps are written, and another page of the users is read whose history is off.
const TURN: Duration = Duration::from_secs(1);
/// Every so many turns the gaps of other processes are read.
const TURNS_A_LOAD: u64 = 10;

/// Goes on until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut turn = 0;
    while !*stop.borrow_and_update() {
        turn += 1;
        if let Err(error) = shared.look_after(turn).await {
            tracing::debug!(error = %ErrorChain(&error), "the register of movement history is away");
        }
        tokio::select! {
            () = sleep(TURN) => {}
            _ = stop.changed() => {}
        }
    }
    if let Err(error) = shared.gaps.save(&*shared.deps.register).await {
        tracing::warn!(error = %ErrorChain(&error), "tracks won't say that points were refused");
    }
}

impl Shared {
    /// One turn of this.
    pub(super) async fn look_after(&self, turn: u64) -> Result<(), StoreError> {
        self.measure();
        self.exchange_marks().await?;
        let register = &*self.deps.register;
        self.gaps.note_lost(&self.deps.owned.now());
        self.gaps.save(register).await?;
        self.off_users.walk(register).await?;
        self.rewrap(turn).await?;
        if turn.is_multiple_of(TURNS_A_LOAD) {
            self.gaps.load(register).await?;
        }
        Ok(())
    }

    fn measure(&self) {
        let owned = self.deps.owned.now();
        let logs: Vec<LogStatus> = owned.iter().map(|owned| owned.log.status()).collect();
        let bytes_max: u64 = logs.iter().map(|log| log.bytes_max).sum();
        ::metrics::gauge!(LOG_BYTES_MAX).set(bytes_max as f64);
        let oldest_received = logs.iter().filter_map(|log| log.oldest_received).min();
        let now = self.deps.clock.now().wall;
        let age_ms = oldest_received.map_or(0, |oldest| (now - oldest).max(0));
        ::metrics::gauge!(LOG_OLDEST_AGE).set(age_ms as f64 / 1_000.0);
        ::metrics::gauge!(USERS_OFF).set(self.off_users.len() as f64);
    }
}
