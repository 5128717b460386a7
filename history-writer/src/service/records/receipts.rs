use std::borrow::Cow;
use std::sync::atomic::{AtomicI64, Ordering};

use model::Timestamp;

use crate::service::Deps;
use crate::{Point, StoreError};

/// In which order this process received points and changed what counts of them, whatever its clock says: clocks are set back.
///
/// What came before a change counts as received at its moment or earlier, what comes after it as received later. A clock that
/// goes on evenly is followed.
#[derive(Debug)]
pub(in crate::service) struct Receipts {
    /// The latest time of receipt, Unix milliseconds.
    newest: AtomicI64,
    /// The moment of the last change, Unix milliseconds.
    changed: AtomicI64,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { newest: AtomicI64::new(i64::MIN), changed: AtomicI64::new(i64::MIN) }
    }
}

impl Receipts {
    /// Goes on from what an earlier process left, perhaps with another clock.
    pub(in crate::service) async fn load(&self, deps: &Deps) -> Result<(), StoreError> {
        let Deps { owned, store, register, .. } = deps;
        let (owned, stored) = (owned.now(), store.newest_received().await?);
        let logged = owned.iter().filter_map(|it| it.log.newest_received());
        for newest in logged.chain(stored) {
            self.newest.fetch_max(newest.0, Ordering::SeqCst);
        }
        if let Some(changed) = register.newest_change().await? {
            self.changed.fetch_max(changed.0, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Points as they are to be kept: received after all that was changed before.
    pub(in crate::service) fn receive<'a>(&self, points: &'a [Point]) -> Cow<'a, [Point]> {
        let changed = self.changed.load(Ordering::SeqCst);
        let behind = Timestamp(changed.saturating_add(1));
        let mut points = Cow::Borrowed(points);
        if points.iter().any(|point| point.received < behind) {
            for point in points.to_mut() {
                point.received = point.received.max(behind);
            }
        }
        if let Some(newest) = points.iter().map(|point| point.received).max() {
            self.newest.fetch_max(newest.0, Ordering::SeqCst);
        }
        points
    }

    /// The moment of a change that is made now: all that was received before it was received until then.
    pub(in crate::service) fn change(&self, now: Timestamp) -> Timestamp {
        let newest = self.newest.load(Ordering::SeqCst);
        let changed = self.changed.fetch_max(now.0.max(newest), Ordering::SeqCst);
        Timestamp(now.0.max(newest).max(changed))
    }
}
