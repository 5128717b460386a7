use std::collections::{BTreeSet, HashMap};

use model::Position;

use super::categories::Categories;
use super::grid::Point;
use super::tree::Tree;
use crate::category::CategoryKey;
use crate::details::Name;
use crate::freshness::FeedPosition;
use crate::id::BusinessId;

/// A business that is to be planted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seedling<'a> {
    pub(super) id: BusinessId,
    pub(super) point: Point,
    pub(super) position: Position,
    pub(super) placed: FeedPosition,
    pub(super) categories: u32,
    /// Empty if names aren't kept.
    pub(super) name: &'a str,
}

/// A business in a tree: with its point and its share of the boxes there, its place in `by_id` and the end of its name at
/// most 48 bytes, and its id.
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
    names: Names,
    pub(super) counts: HashMap<CategoryKey, usize>,
    at: FeedPosition,
}

/// The names of businesses that don't change, if names are kept.
#[derive(Debug, Default)]
struct Names {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Planted {
    /// Plants all of a state: takes a second for every million or two.
    pub(super) fn plant(
        seedlings: &[Seedling<'_>],
        names: bool,
        categories: &Categories,
        at: FeedPosition,
    ) -> Self {
        let points: Vec<Point> = seedlings.iter().map(|seedling| seedling.point).collect();
        let (tree, order) = Tree::plant(&points);
        let ordered = || order.iter().map(|from| &seedlings[*from as usize]);
        let entry = |seedling: &Seedling<'_>| Entry {
            id: seedling.id,
            position: seedling.position,
            age: u32::try_from(at.0.saturating_sub(seedling.placed.0)).unwrap_or(u32::MAX),
            categories: seedling.categories,
        };
        let entries: Box<[Entry]> = ordered().map(entry).collect();
        let mut by_id: Box<[u32]> = (0..entries.len() as u32).collect();
        by_id.sort_unstable_by_key(|place| entries[*place as usize].id);
        let names = if names { Names::of(ordered()) } else { Names::default() };
        let counts = categories.counts(entries.iter().map(|entry| entry.categories));
        Self { tree, entries, by_id, names, counts, at }
    }

    /// Where in the tree a business is.
    pub(super) fn place(&self, id: BusinessId) -> Option<u32> {
        let found = self.by_id.binary_search_by_key(&id, |place| self.entries[*place as usize].id);
        found.ok().map(|at| self.by_id[at])
    }

    /// Whether the business in a place was placed later than that; most questions are answered without looking at it. Of
    /// what is over four billion changes ago nothing is known but that.
    pub(super) fn was_placed_after(&self, place: usize, walk: FeedPosition) -> bool {
        walk < self.at && self.placed(place) > walk
    }

    fn placed(&self, place: usize) -> FeedPosition {
        FeedPosition(self.at.0.saturating_sub(u64::from(self.entries[place].age)))
    }

    /// What the business in a place is called, if names are kept.
    pub(super) fn name(&self, place: usize) -> Option<Name> {
        self.names.of_place(place).map(Name::known)
    }

    /// All of it as seedlings again, but those in these places.
    pub(super) fn uproot(&self, dead: &BTreeSet<u32>) -> impl Iterator<Item = Seedling<'_>> {
        let living = (0..self.entries.len()).filter(|place| !dead.contains(&(*place as u32)));
        living.map(|place| {
            let Entry { id, position, categories, .. } = self.entries[place];
            let (point, placed) = (self.tree.point(place), self.placed(place));
            let name = self.names.of_place(place).unwrap_or_default();
            Seedling { id, point, position, placed, categories, name }
        })
    }
}

impl Names {
    fn of<'a>(seedlings: impl Iterator<Item = &'a Seedling<'a>> + Clone) -> Self {
        // The right size from the start: to grow, a text is kept twice.
        let bytes = seedlings.clone().map(|seedling| seedling.name.len()).sum();
        let mut text = String::with_capacity(bytes);
        let ends = seedlings.map(|seedling| {
            text.push_str(seedling.name);
            // Of more than four gigabytes the rest is cut off.
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        });
        let ends = ends.collect();
        Self { text: text.into_boxed_str(), ends }
    }

    fn of_place(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)? as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_takes_no_more_than_48_bytes_and_its_id() {
        // The tree's boxes take four bytes at most.
        let beside = 2 * size_of::<u32>() + size_of::<Point>() + 4;
        assert!(size_of::<Entry>() + beside <= 48 + size_of::<BusinessId>());
    }
}
