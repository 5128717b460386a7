//! All positions in memory: a tree that never changes, and what changed since it was planted.

mod categories;
mod follow;
mod grid;
mod index;
mod planted;
mod search;
mod tree;
mod wishes;

use std::sync::{Arc, PoisonError, RwLock};

use model::Monotonic;

pub(crate) use follow::follow;
use index::Index;

use crate::circle::Millimetres;
use crate::error::Error;
use crate::search::bookmark::Bookmark;
use crate::search::drive::Detail;
use crate::search::{Found, Query};
use sql::Freshness;

/// How long the index is believed after it last heard from the store, milliseconds; then the store answers.
pub const SILENCE_MS_MAX: u64 = 5_000;
/// Larger circles are the store's: from here on chords may be longer than what we call a distance.
const RADIUS_MAX: Millimetres = Millimetres(200_000_000);
/// Categories with less than one business in so many are the store's, which has an index of each.
const RARE: usize = 64;

/// What is kept besides positions, ids and categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResidentConfig {
    /// Names too, so that searches that show them needn't ask the store: as many bytes as they have, and four.
    pub names: bool,
}

/// The index that answers searches, as long as it is complete and the follower keeps it fresh.
#[derive(Debug, Default)]
pub(crate) struct Resident {
    config: ResidentConfig,
    // Held to take or to change one pointer. None until all is loaded, and after the history ended.
    current: RwLock<Option<Current>>,
}

#[derive(Debug, Clone)]
struct Current {
    index: Arc<Index>,
    heard: Monotonic,
}

impl Resident {
    /// An index that has nothing yet.
    pub(crate) fn new(config: ResidentConfig) -> Self {
        Self { config, current: RwLock::default() }
    }

    /// A page, if the index may answer: see [`Self::ready`].
    pub(crate) fn nearby(
        &self,
        query: &Query,
        after: Option<Bookmark>,
        detail: Detail,
        fresh: Option<Freshness>,
        now: Monotonic,
    ) -> Option<Found> {
        // Where names aren't kept, whoever asks adds them.
        let names = detail == Detail::Named && self.config.names;
        let wanted = [fresh, after.map(|bookmark| bookmark.began)];
        Some(self.ready(query, wanted, now)?.nearby(query, after, names))
    }

    /// How many a query finds, if the index may answer.
    pub(crate) fn total(
        &self,
        query: &Query,
        fresh: Option<Freshness>,
        now: Monotonic,
    ) -> Option<u64> {
        Some(self.ready(query, [fresh, None], now)?.total(query))
    }

    /// The state that it has, once it is complete.
    pub(crate) fn as_of(&self) -> Option<Freshness> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|current| current.index.as_of())
    }

    /// The index, if it is complete, was heard of lately, includes what is wanted, and is good at such queries.
    fn ready(
        &self,
        query: &Query,
        wanted: [Option<Freshness>; 2],
        now: Monotonic,
    ) -> Option<Arc<Index>> {
        if query.open_when().is_some() || query.circle().radius() > RADIUS_MAX {
            return None;
        }
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let Current { index, heard } = current.as_ref()?;
        let is_fresh = now.since_ms(*heard) <= SILENCE_MS_MAX
            && wanted.into_iter().flatten().all(|wanted| index.as_of().includes(wanted));
        let is_rare = query.category().is_some_and(|key| index.count_of(key) * RARE < index.len());
        (is_fresh && !is_rare).then(|| Arc::clone(index))
    }

    fn publish(&self, index: Option<Arc<Index>>, heard: Monotonic) {
        let current = index.map(|index| Current { index, heard });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

/// A follower that can't go on begins anew: the feed's history ended.
fn is_other_history(error: &Error) -> bool {
    *error == Error::Refused(crate::error::Refusal::OtherHistory)
}
