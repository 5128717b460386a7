use std::sync::{Arc, Weak};
use std::time::Duration;

use model::Clock;

use super::{Resident, is_other_timeline};
use crate::core::catalogue::change::Changes;
use crate::core::index::Index;
use crate::error::Error;
use crate::metrics::{RESIDENT_BUSINESSES, RESIDENT_POSITION};
use crate::store::{PAGE_MAX, Store};

/// How long a follower that has everything waits before it asks again.
const POLL: Duration = Duration::from_millis(100);
/// How long a follower waits for a store that is away.
const RETRY: Duration = Duration::from_millis(500);
/// Businesses between two lines in the log while all is loaded.
const PROGRESS: usize = 100_000;

/// Loads everything and follows the feed for as long as somebody holds the index.
///
/// The feed from its beginning is all there is, each business at its last change: what changes while it is read comes
/// again at its end, so that loading is following, and ends in a state.
pub(crate) async fn follow(resident: Weak<Resident>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        let index = loop {
            let Some(config) = resident.upgrade().map(|resident| resident.config) else { return };
            match load(&*store, &resident, config).await {
                Ok(Some(index)) => break index,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the index can't be loaded; trying again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        };
        tracing::info!(businesses = index.len(), "the index is complete");
        let Some(error) = keep(&resident, index, &*store, &*clock).await else { return };
        tracing::warn!(%error, "the index is dropped and loaded again");
        if let Some(resident) = resident.upgrade() {
            resident.publish(None, clock.now().monotonic);
        }
    }
}

/// Everything, or nothing if nobody wants it any more.
async fn load(
    store: &dyn Store,
    resident: &Weak<Resident>,
    config: crate::core::index::ResidentConfig,
) -> Result<Option<Index>, Error> {
    let mut page = store.changes(None, PAGE_MAX).await?;
    let mut index = Index::new(config, page.next);
    let mut told = 0;
    loop {
        let Changes { changes, next, more } = page;
        index.follow(changes, next);
        if index.len() >= told + PROGRESS {
            told = index.len();
            tracing::info!(businesses = told, "loading the index");
        }
        if resident.strong_count() == 0 {
            return Ok(None);
        }
        if !more {
            return Ok(planted(index).await);
        }
        page = store.changes(Some(next), PAGE_MAX).await?;
    }
}

/// Follows until the timeline ends, which is answered, or nobody wants it any more.
async fn keep(
    resident: &Weak<Resident>,
    index: Index,
    store: &dyn Store,
    clock: &dyn Clock,
) -> Option<Error> {
    let mut index = Arc::new(index);
    loop {
        let heard = clock.now().monotonic;
        metrics::gauge!(RESIDENT_BUSINESSES).set(index.len() as f64);
        metrics::gauge!(RESIDENT_POSITION).set(index.as_of().position.0 as f64);
        resident.upgrade()?.publish(Some(Arc::clone(&index)), heard);
        tokio::time::sleep(POLL).await;
        index = match caught_up(resident, &index, store).await? {
            Ok(index) => index,
            Err(error) => return Some(error),
        };
    }
}

/// The index with all there is by now. Between two pages it isn't of any state: what changed again stands at the end of
/// the feed only. Nothing if nobody wants it any more.
async fn caught_up(
    resident: &Weak<Resident>,
    index: &Arc<Index>,
    store: &dyn Store,
) -> Option<Result<Arc<Index>, Error>> {
    let mut new = Arc::clone(index);
    loop {
        resident.upgrade()?;
        let Changes { changes, next, more } = match store.changes(Some(new.as_of()), PAGE_MAX).await
        {
            Ok(page) => page,
            Err(error) if is_other_timeline(&error) => return Some(Err(error)),
            Err(error) => {
                // The index is believed for a while, then not any more.
                tracing::debug!(%error, "the index hears nothing");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        if next != new.as_of() {
            let mut changed = Arc::unwrap_or_clone(new);
            changed.follow(changes, next);
            new = Arc::new(if changed.is_overgrown() { planted(changed).await? } else { changed });
        }
        if !more {
            return Some(Ok(new));
        }
    }
}

/// Planted in a thread of its own; nothing if the runtime ends meanwhile.
async fn planted(index: Index) -> Option<Index> {
    tokio::task::spawn_blocking(move || index.replanted()).await.ok()
}
