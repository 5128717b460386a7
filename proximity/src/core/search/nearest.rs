use std::collections::BTreeMap;

use super::{Hit, SearchCursor};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::circle::Millimetres;
use model::ReadToken;

/// The nearest hits of those offered, one more than a page has, so that it shows whether there is another page.
#[derive(Debug)]
pub(crate) struct Nearest {
    behind: Option<(Millimetres, BusinessId)>,
    limit: usize,
    /// By rank.
    kept: BTreeMap<(Millimetres, BusinessId), Hit>,
}

impl Nearest {
    /// The nearest `limit` behind the cursor.
    pub(crate) fn new(after: Option<&SearchCursor>, limit: usize) -> Self {
        let behind = after.map(|cursor| (cursor.distance, cursor.id));
        Self { behind, limit, kept: BTreeMap::new() }
    }

    /// One more, that no other offer has the id of.
    pub(crate) fn offer(&mut self, hit: Hit) {
        let rank = hit.rank();
        let is_too_far = self.is_enough()
            && self.kept.last_key_value().is_some_and(|(farthest, _)| rank > *farthest);
        if is_too_far || self.behind.is_some_and(|last| rank <= last) {
            return;
        }
        self.kept.insert(rank, hit);
        if self.kept.len() > self.limit + 1 {
            self.kept.pop_last();
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
        page(self.kept.into_values().collect(), self.limit, began)
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
