use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Hit;
use super::SearchCursor;
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::circle::Millimetres;
use model::ReadToken;

/// The nearest hits of those offered, one more than a page has, so that it shows whether there is another page.
#[derive(Debug)]
pub(crate) struct Nearest {
    behind: Option<(Millimetres, BusinessId)>,
    limit: usize,
    // The farthest on top, to make place.
    kept: BinaryHeap<ByRank>,
}

#[derive(Debug)]
struct ByRank(Hit);

impl PartialEq for ByRank {
    fn eq(&self, other: &Self) -> bool {
        self.0.rank() == other.0.rank()
    }
}

impl Eq for ByRank {}

impl PartialOrd for ByRank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByRank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.rank().cmp(&other.0.rank())
    }
}

impl Nearest {
    /// The nearest `limit` behind the cursor.
    pub(crate) fn new(after: Option<&SearchCursor>, limit: usize) -> Self {
        let behind = after.map(|cursor| (cursor.distance, cursor.id));
        Self { behind, limit, kept: BinaryHeap::with_capacity(limit + 2) }
    }

    /// One more, that no other offer has the id of.
    pub(crate) fn offer(&mut self, hit: Hit) {
        if self.behind.is_some_and(|last| hit.rank() <= last) {
            return;
        }
        self.kept.push(ByRank(hit));
        if self.kept.len() > self.limit + 1 {
            self.kept.pop();
        }
    }

    /// How many it has, up to one more than a page.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether a page is full and it is known whether there is another one.
    pub(crate) fn is_enough(&self) -> bool {
        self.kept.len() > self.limit
    }

    /// The page, and where the next one begins in a walk that began then.
    pub(crate) fn into_page(self, began: ReadToken) -> (Vec<Hit>, Option<SearchCursor>) {
        let hits = self.kept.into_sorted_vec().into_iter().map(|hit| hit.0).collect();
        page(hits, self.limit, began)
    }
}

/// A page of `limit` hits out of these, which are in order, and where the next one begins in a walk that began then.
pub(crate) fn page(
    mut hits: Vec<Hit>,
    limit: usize,
    began: ReadToken,
) -> (Vec<Hit>, Option<SearchCursor>) {
    let more = hits.len() > limit;
    hits.truncate(limit);
    let last = hits.last().filter(|_| more);
    let next = last.map(|hit| SearchCursor { distance: hit.distance, id: hit.id, began });
    (hits, next)
}
