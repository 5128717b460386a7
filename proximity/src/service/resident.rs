//! All positions in memory: a tree that never changes, and what changed since it was built.

mod follow;

use std::sync::Arc;

use api::Work;
use model::{Monotonic, ReadToken};
use parking_lot::RwLock;
use tokio::task::spawn_blocking;

pub(crate) use follow::follow;

use crate::core::cost;
use crate::core::geo::circle::Millimetres;
use crate::core::index::Index;
use crate::core::index::search::Looked;
use crate::core::search::{Found, Query};
use crate::error::Error;
use crate::service::run::{Detail, Question};
use sql::StoreError;

/// How long the index is believed after it last heard from the store, milliseconds; then the store answers.
pub const SILENCE_MS_MAX: u64 = 5_000;
/// Larger circles are the store's: from here on chords may be longer than what we call a distance.
const RADIUS_MAX: Millimetres = Millimetres(200_000_000);
/// Categories with less than one business in so many are the store's, which has an index of each.
const RARE: usize = 64;
/// Points that a request looks at without waiting for its turn: less than a millisecond's work.
const LIGHT_POINTS_MAX: usize = 50_000;

/// The index that answers searches, as long as it is complete and the follower keeps it fresh.
pub(crate) struct Resident {
    names: bool,
    // Held to take or to change one pointer. None until all is loaded, and after the timeline ended.
    current: RwLock<Option<Current>>,
}

#[derive(Debug, Clone)]
struct Current {
    index: Arc<Index>,
    heard: Monotonic,
}

impl Resident {
    /// An index that has nothing yet.
    pub(crate) fn new(names: bool) -> Self {
        Self { names, current: RwLock::default() }
    }

    /// A page, if the index may answer: see [`Self::ready`].
    pub(crate) async fn nearby(
        &self,
        question: Question<'_>,
        detail: Detail,
        now: Monotonic,
        work: &mut Work,
    ) -> Result<Option<Found>, Error> {
        let Question { query, after, fresh } = question;
        let wanted = [fresh, after.map(|cursor| cursor.began)];
        let Some(index) = self.ready(query, wanted, now) else { return Ok(None) };
        // Where names aren't kept, whoever asks adds them.
        let names = detail == Detail::Named && self.names;
        let search = move |index: &Index, query: &Query, points_max| {
            index.nearby(query, after, names, points_max)
        };
        look(index, query, search, work).await.map(Some)
    }

    /// How many a query finds, if the index may answer.
    pub(crate) async fn total(
        &self,
        query: &Query,
        fresh: Option<ReadToken>,
        now: Monotonic,
        work: &mut Work,
    ) -> Result<Option<u64>, Error> {
        let Some(index) = self.ready(query, [fresh, None], now) else { return Ok(None) };
        look(index, query, Index::total, work).await.map(Some)
    }

    /// The state that it has, once it is complete.
    pub(crate) fn as_of(&self) -> Option<ReadToken> {
        let current = self.current.read();
        current.as_ref().map(|current| current.index.as_of())
    }

    /// The index, if it is complete, was heard of lately, includes what is wanted, and is good at such queries.
    fn ready(
        &self,
        query: &Query,
        wanted: [Option<ReadToken>; 2],
        now: Monotonic,
    ) -> Option<Arc<Index>> {
        if query.open_when().is_some() || query.circle().radius() > RADIUS_MAX {
            return None;
        }
        let current = self.current.read();
        let Current { index, heard } = current.as_ref()?;
        let is_fresh = now.since_ms(*heard) <= SILENCE_MS_MAX
            && wanted.into_iter().flatten().all(|wanted| index.as_of().includes(wanted));
        let is_rare = query.category().is_some_and(|key| index.count_of(key) * RARE < index.len());
        (is_fresh && !is_rare).then(|| Arc::clone(index))
    }

    fn publish(&self, index: Option<Arc<Index>>, heard: Monotonic) {
        let current = index.map(|index| Current { index, heard });
        *self.current.write() = current;
    }
}

/// Looks at few points at once. If these aren't enough, at all of them, in the turn of the request and on a thread of its
/// own: it can't be interrupted, and the other requests of this one's thread would wait for it.
async fn look<T: Send + 'static>(
    index: Arc<Index>,
    query: &Query,
    search: impl Fn(&Index, &Query, usize) -> Looked<T> + Send + 'static,
    work: &mut Work,
) -> Result<T, Error> {
    let Looked { points, answer } = search(&index, query, LIGHT_POINTS_MAX);
    work.spend(cost::points(points)).await?;
    if let Some(answer) = answer {
        return Ok(answer);
    }
    work.take_turn().await?;
    let query = query.clone();
    let looking = spawn_blocking(move || search(&index, &query, usize::MAX)).await;
    let failed = |why: &str| StoreError::internal(format!("a search in memory {why}"));
    let Looked { points, answer } =
        looking.map_err(|error| failed("has panicked").caused_by(error))?;
    work.spend(cost::points(points)).await?;
    Ok(answer.ok_or_else(|| failed("has no end"))?)
}
