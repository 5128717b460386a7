use std::collections::{BTreeSet, HashMap};

use model::{FeedPosition, Position};

use super::categories::Categories;
use super::grid::Point;
use super::tree::Tree;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::id::BusinessId;

/// A business that the base is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuildInput<'a> {
    pub(crate) id: BusinessId,
    pub(crate) point: Point,
    pub(crate) position: Position,
    pub(crate) placed: FeedPosition,
    pub(crate) categories: u32,
    /// Empty if names aren't kept.
    pub(crate) name: &'a str,
}

/// A business in a tree: with its share of the boxes there and its place in `by_id` at most 48 bytes, and its id.
///
/// All that a search reads of it stands side by side: what a search costs is the memory that it has to wait for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseEntry {
    pub(crate) position: Position,
    pub(crate) id: BusinessId,
    pub(crate) point: Point,
    /// Where in the names its name ends, and that of the next entry begins.
    name_end: u32,
    pub(crate) categories: u32,
    /// How long before the tree was built it was placed, in changes; the most that can be told if longer.
    age: u32,
}

/// Businesses that don't change.
#[derive(Debug, Default)]
pub(crate) struct Base {
    pub(crate) tree: Tree,
    /// In the order of the tree, as all that follows but the next.
    pub(crate) entries: Box<[BaseEntry]>,
    /// Places in the tree, in the order of ids.
    by_id: Box<[u32]>,
    /// The names, one after another; none if they aren't kept.
    names: Box<str>,
    pub(crate) counts: HashMap<CategoryKey, usize>,
    at: FeedPosition,
}

impl Base {
    /// Plants all of a state: takes a second for every million or two.
    pub(crate) fn build(
        inputs: &[BuildInput<'_>],
        names: bool,
        categories: &Categories,
        at: FeedPosition,
    ) -> Self {
        let points: Vec<Point> = inputs.iter().map(|input| input.point).collect();
        let (tree, order) = Tree::build(&points);
        // The right size from the start: to grow, a text is kept twice.
        let bytes = if names { inputs.iter().map(|input| input.name.len()).sum() } else { 0 };
        let mut all_names = String::with_capacity(bytes);
        let entry = |from: &u32| {
            let input = &inputs[*from as usize];
            if names {
                all_names.push_str(input.name);
            }
            input.entry(at, all_names.len())
        };
        let entries: Box<[BaseEntry]> = order.iter().map(entry).collect();
        let mut by_id: Box<[u32]> = (0..entries.len() as u32).collect();
        by_id.sort_unstable_by_key(|place| entries[*place as usize].id);
        let counts = categories.counts(entries.iter().map(|entry| entry.categories));
        Self { tree, entries, by_id, names: all_names.into_boxed_str(), counts, at }
    }

    /// Where in the tree a business is.
    pub(crate) fn place(&self, id: BusinessId) -> Option<u32> {
        let found = self.by_id.binary_search_by_key(&id, |place| self.entries[*place as usize].id);
        found.ok().map(|at| self.by_id[at])
    }

    /// Whether the business in a place was placed later than that; most questions are answered without looking at it. Of
    /// what is over four billion changes ago nothing is known but that.
    pub(crate) fn was_placed_after(&self, place: usize, walk: FeedPosition) -> bool {
        walk < self.at && self.placed(place) > walk
    }

    fn placed(&self, place: usize) -> FeedPosition {
        FeedPosition(self.at.0.saturating_sub(u64::from(self.entries[place].age)))
    }

    /// What the business in a place is called, if names are kept.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        let end = self.entries[place].name_end as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].name_end as usize);
        self.names.get(start..end).filter(|name| !name.is_empty())
    }

    /// All of it as input again, but those in these places.
    pub(crate) fn inputs_without(
        &self,
        dead: &BTreeSet<u32>,
    ) -> impl Iterator<Item = BuildInput<'_>> {
        let living = (0..self.entries.len()).filter(|place| !dead.contains(&(*place as u32)));
        living.map(|place| {
            let BaseEntry { id, position, point, categories, .. } = self.entries[place];
            let (placed, name) = (self.placed(place), self.name(place).unwrap_or_default());
            BuildInput { id, point, position, placed, categories, name }
        })
    }
}

impl BuildInput<'_> {
    fn entry(&self, at: FeedPosition, name_end: usize) -> BaseEntry {
        let Self { id, point, position, placed, categories, .. } = *self;
        let age = u32::try_from(at.0.saturating_sub(placed.0)).unwrap_or(u32::MAX);
        // Of more than four gigabytes of names the rest is cut off.
        let name_end = u32::try_from(name_end).unwrap_or(u32::MAX);
        BaseEntry { position, id, point, name_end, categories, age }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_takes_no_more_than_48_bytes_and_its_id() {
        // The tree's boxes take four bytes at most.
        let beside = size_of::<u32>() + 4;
        assert!(size_of::<BaseEntry>() + beside <= 48 + size_of::<BusinessId>());
    }
}
