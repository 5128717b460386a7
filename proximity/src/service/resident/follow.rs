use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use model::{Clock, ErrorChain};
use sql::StoreError;

use super::Resident;
use crate::core::catalogue::change::{Changes, FeedCursor};
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
/// again at its end, so that loading is following, and ends in a state. Where it can't be followed any further, since its
/// timeline ended or the building of the index failed, all begins anew.
pub(crate) async fn follow(resident: Weak<Resident>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    let follower = Follower { resident, store, clock };
    while let Err(End::Failed(error)) = follower.load_and_keep().await {
        let why = ErrorChain(&error).to_string();
        tracing::warn!(why, "the index begins anew");
        if let Some(resident) = follower.resident.upgrade() {
            resident.publish(None, follower.clock.now().monotonic);
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Why following ends.
enum End {
    /// Nobody wants the index any more.
    Unwanted,
    /// It can't go on.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Follower {
    /// Gone when nobody wants the index any more.
    resident: Weak<Resident>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Follower {
    async fn load_and_keep(&self) -> Result<Infallible, End> {
        let index = self.load().await?;
        tracing::info!(businesses = index.len(), "the index is complete");
        self.keep(index).await
    }

    fn resident(&self) -> Result<Arc<Resident>, End> {
        self.resident.upgrade().ok_or(End::Unwanted)
    }

    /// Everything.
    async fn load(&self) -> Result<Index, End> {
        let names = self.resident()?.names;
        let mut page = self.next_page(None).await?;
        let mut index = Index::new(names, page.next.at);
        let mut told = 0;
        loop {
            let Changes { changes, next, more } = page;
            index.follow(changes, next.at);
            if index.len() >= told + PROGRESS {
                told = index.len();
                tracing::info!(businesses = told, "loading the index");
            }
            if !more {
                return Ok(rebuilt(index).await?);
            }
            page = self.next_page(Some(next)).await?;
        }
    }

    /// Follows until that is no longer possible, and says why.
    async fn keep(&self, index: Index) -> Result<Infallible, End> {
        let mut index = Arc::new(index);
        loop {
            let heard = self.clock.now().monotonic;
            metrics::gauge!(RESIDENT_BUSINESSES).set(index.len() as f64);
            metrics::gauge!(RESIDENT_POSITION).set(index.as_of().position.0 as f64);
            self.resident()?.publish(Some(Arc::clone(&index)), heard);
            tokio::time::sleep(POLL).await;
            index = self.caught_up(&index).await?;
        }
    }

    /// The index with all there is by now. Between two pages it isn't of any state: what changed again stands at the end
    /// of the feed only.
    async fn caught_up(&self, index: &Arc<Index>) -> Result<Arc<Index>, End> {
        let mut new = Arc::clone(index);
        loop {
            let page = self.next_page(Some(new.as_of().into())).await?;
            let Changes { changes, next: FeedCursor { at: next, .. }, more } = page;
            if next != new.as_of() {
                let mut changed = Arc::unwrap_or_clone(new);
                changed.follow(changes, next);
                if changed.needs_rebuild() {
                    changed = rebuilt(changed).await?;
                }
                new = Arc::new(changed);
            }
            if !more {
                return Ok(new);
            }
        }
    }

    /// What comes behind a state, or all from the beginning. While the store is away it is waited for: the index is believed for a while, then not
    /// any more.
    async fn next_page(&self, after: Option<FeedCursor>) -> Result<Changes, End> {
        let mut is_away = false;
        loop {
            self.resident()?;
            match self.store.changes(after, PAGE_MAX).await {
                Ok(page) => {
                    if is_away {
                        tracing::info!("the index hears of changes again");
                    }
                    return Ok(page);
                }
                Err(Error::Store(error)) => {
                    if !is_away {
                        let why = ErrorChain(&error).to_string();
                        tracing::warn!(why, "the index hears of no changes; asking again");
                    }
                    is_away = true;
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Built in a thread of its own.
async fn rebuilt(index: Index) -> Result<Index, Error> {
    let built = tokio::task::spawn_blocking(move || index.rebuilt()).await;
    built.map_err(|error| StoreError::internal("building the index failed").caused_by(error).into())
}
