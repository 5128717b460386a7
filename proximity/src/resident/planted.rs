use std::collections::HashMap;
use std::sync::Arc;

use model::Position;

use super::ResidentConfig;
use super::categories::Categories;
use super::grid::{Point, point};
use super::tree::Tree;
use crate::business::Business;
use crate::category::CategoryKey;
use crate::details::Name;
use crate::freshness::FeedPosition;
use crate::id::BusinessId;

/// A business that isn't in a tree yet.
#[derive(Debug, Clone)]
pub(super) struct Seedling {
    pub(super) point: Point,
    pub(super) position: Position,
    pub(super) placed: FeedPosition,
    pub(super) categories: u32,
    /// Only if names are kept.
    pub(super) name: Option<Name>,
}

/// A business in a tree: with its point there, its place in `by_id` and the end of its name 44 bytes, and its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) id: BusinessId,
    pub(super) position: Position,
    /// How long before the tree was planted it was placed, in changes; the most that can be told if longer.
    age: u32,
    pub(super) categories: u32,
}

/// Businesses that don't change.
#[derive(Debug, Default)]
pub(super) struct Planted {
    pub(super) tree: Tree,
    /// In the order of the tree, as all that follows but the next.
    pub(super) entries: Box<[Entry]>,
    /// Places in the tree, in the order of ids.
    by_id: Box<[u32]>,
    name_ends: Box<[u32]>,
    names: Box<str>,
    pub(super) counts: HashMap<CategoryKey, usize>,
    at: FeedPosition,
}

impl Seedling {
    pub(super) fn of(
        business: &Business,
        categories: &mut Arc<Categories>,
        config: ResidentConfig,
    ) -> Self {
        let details = &business.details;
        Self {
            point: point(details.position),
            position: details.position,
            placed: business.placed,
            categories: Categories::number(categories, &details.categories),
            name: config.names.then(|| details.name.clone()),
        }
    }
}

impl Planted {
    /// Plants all of a state: takes a second for every million or two.
    pub(super) fn plant(
        seedlings: HashMap<BusinessId, Seedling>,
        categories: &Categories,
        at: FeedPosition,
    ) -> Self {
        let items = seedlings.into_iter().map(|(id, seedling)| (seedling.point, (id, seedling)));
        let (tree, ordered) = Tree::plant(items.collect());
        let entry = |(id, seedling): &(BusinessId, Seedling)| Entry {
            id: *id,
            position: seedling.position,
            age: u32::try_from(at.0.saturating_sub(seedling.placed.0)).unwrap_or(u32::MAX),
            categories: seedling.categories,
        };
        let entries: Box<[Entry]> = ordered.iter().map(entry).collect();
        let mut by_id: Box<[u32]> = (0..entries.len() as u32).collect();
        by_id.sort_unstable_by_key(|place| entries[*place as usize].id);
        let (mut names, mut name_ends) = (String::new(), Vec::new());
        for name in ordered.iter().filter_map(|(_, seedling)| seedling.name.as_ref()) {
            names.push_str(name.as_str());
            // Of more than four gigabytes the rest is cut off.
            name_ends.push(u32::try_from(names.len()).unwrap_or(u32::MAX));
        }
        let counts = categories.counts(entries.iter().map(|entry| entry.categories));
        let (names, name_ends) = (names.into_boxed_str(), name_ends.into_boxed_slice());
        Self { tree, entries, by_id, name_ends, names, counts, at }
    }

    /// Where in the tree a business is.
    pub(super) fn place(&self, id: BusinessId) -> Option<u32> {
        let found = self.by_id.binary_search_by_key(&id, |place| self.entries[*place as usize].id);
        found.ok().map(|at| self.by_id[at])
    }

    /// When the business in a place was placed; of what is over four billion changes ago, that.
    pub(super) fn placed(&self, place: usize) -> FeedPosition {
        FeedPosition(self.at.0.saturating_sub(u64::from(self.entries[place].age)))
    }

    /// What the business in a place is called, if names are kept.
    pub(super) fn name(&self, place: usize) -> Option<Name> {
        let end = *self.name_ends.get(place)? as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.name_ends[before] as usize);
        self.names.get(start..end).filter(|name| !name.is_empty()).map(Name::known)
    }

    /// All of it as seedlings again, but those in these places.
    pub(super) fn uproot(
        &self,
        dead: &std::collections::HashSet<u32>,
    ) -> HashMap<BusinessId, Seedling> {
        let living = (0..self.entries.len()).filter(|place| !dead.contains(&(*place as u32)));
        let seedling = |place: usize| {
            let Entry { id, position, categories, .. } = self.entries[place];
            let (point, placed, name) = (point(position), self.placed(place), self.name(place));
            (id, Seedling { point, position, placed, categories, name })
        };
        living.map(seedling).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_takes_no_more_than_48_bytes_and_its_id() {
        let beside = 2 * size_of::<u32>() + size_of::<Point>();
        assert!(size_of::<Entry>() + beside <= 48 + size_of::<BusinessId>());
    }
}
