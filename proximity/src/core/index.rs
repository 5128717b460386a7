mod base;
mod categories;
mod collector;
mod grid;
pub(crate) mod search;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use model::{FeedPosition, Position, ReadToken};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::Change;
use crate::core::catalogue::details::Name;
use crate::core::catalogue::id::BusinessId;
use base::{Base, BuildInput};
use categories::Categories;
use grid::{Point, point};

/// Businesses beside the tree, each looked at by every search: more are built into it.
pub(crate) const DELTA_MAX: usize = 1_024;
/// Bytes of their names: where the same ones change again and again, their names pile up.
const DELTA_NAMES_BYTES_MAX: usize = 1 << 20;

/// All businesses of one state. A clone shares the base.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// Names are kept too, so that searches that show them needn't ask the store: as many bytes as they have, and four.
    names: bool,
    pub(crate) base: Arc<Base>,
    pub(crate) categories: Arc<Categories>,
    /// Places in the tree of what is removed, or in the delta.
    pub(crate) dead: BTreeSet<u32>,
    pub(crate) delta: HashMap<BusinessId, DeltaEntry>,
    /// The names of those in the delta, and some that aren't any more: one text, as while all is loaded, all are there.
    delta_names: String,
    as_of: ReadToken,
}

/// A business beside the tree.
#[derive(Debug, Clone)]
pub(crate) struct DeltaEntry {
    id: BusinessId,
    pub(crate) point: Point,
    position: Position,
    placed: FeedPosition,
    categories: u32,
    /// Where in the names of the delta; nowhere if names aren't kept.
    name: Range<usize>,
}

impl Index {
    /// Nothing yet.
    pub(crate) fn new(names: bool, as_of: ReadToken) -> Self {
        Self {
            names,
            base: Arc::default(),
            categories: Arc::default(),
            dead: BTreeSet::new(),
            delta: HashMap::new(),
            delta_names: String::new(),
            as_of,
        }
    }

    /// The state that this is.
    pub(crate) fn as_of(&self) -> ReadToken {
        self.as_of
    }

    /// How many businesses there are.
    pub(crate) fn len(&self) -> usize {
        self.base.entries.len() - self.dead.len() + self.delta.len()
    }

    /// About how many have a category: those in the base.
    pub(crate) fn count_of(&self, key: &CategoryKey) -> usize {
        self.base.counts.get(key).copied().unwrap_or_default()
    }

    /// Follows the feed to `as_of`.
    pub(crate) fn follow(&mut self, changes: Vec<Change>, as_of: ReadToken) {
        for Change { id, business, .. } in changes {
            self.dead.extend(self.base.place(id));
            match business {
                Some(business) => {
                    let entry = self.entry(&business);
                    self.delta.insert(id, entry);
                }
                None => {
                    self.delta.remove(&id);
                }
            }
        }
        self.as_of = as_of;
    }

    fn entry(&mut self, business: &Business) -> DeltaEntry {
        let Business { id, details, placed, .. } = business;
        let start = self.delta_names.len();
        if self.names {
            self.delta_names.push_str(details.name.as_str());
        }
        DeltaEntry {
            id: *id,
            point: point(details.position),
            position: details.position,
            placed: *placed,
            categories: Categories::number(&mut self.categories, &details.categories),
            name: start..self.delta_names.len(),
        }
    }

    /// Whether so much has changed that searches look at too much.
    pub(crate) fn needs_rebuild(&self) -> bool {
        self.delta.len().max(self.dead.len()) > DELTA_MAX
            || self.delta_names.len() > DELTA_NAMES_BYTES_MAX
    }

    /// The same with everything in the tree.
    pub(crate) fn rebuilt(self) -> Self {
        let Self { names, base, categories, dead, delta, delta_names, as_of } = self;
        let mut all = Vec::with_capacity(base.entries.len() + delta.len());
        all.extend(base.inputs_without(&dead));
        all.extend(delta.values().map(|entry| entry.input(&delta_names)));
        let base = Base::build(&all, names, &categories, as_of.position);
        Self { base: Arc::new(base), categories, ..Self::new(names, as_of) }
    }

    pub(crate) fn id(&self, entry: Entry<'_>) -> BusinessId {
        match entry {
            Entry::Base(place) => self.base.entries[place].id,
            Entry::Delta(entry) => entry.id,
        }
    }

    pub(crate) fn position(&self, entry: Entry<'_>) -> Position {
        match entry {
            Entry::Base(place) => self.base.entries[place].position,
            Entry::Delta(entry) => entry.position,
        }
    }

    /// Whether it was placed later than that.
    pub(crate) fn was_placed_after(&self, entry: Entry<'_>, walk: FeedPosition) -> bool {
        match entry {
            Entry::Base(place) => self.base.was_placed_after(place, walk),
            Entry::Delta(entry) => entry.placed > walk,
        }
    }

    /// The number of its set of categories.
    pub(crate) fn categories(&self, entry: Entry<'_>) -> usize {
        let number = match entry {
            Entry::Base(place) => self.base.entries[place].categories,
            Entry::Delta(entry) => entry.categories,
        };
        number as usize
    }

    /// What it is called, if names are kept.
    pub(crate) fn name(&self, entry: Entry<'_>) -> Option<Name> {
        match entry {
            Entry::Base(place) => self.base.name(place).map(Name::known),
            Entry::Delta(entry) => {
                let name = Some(&self.delta_names[entry.name.clone()]);
                name.filter(|name| !name.is_empty()).map(Name::known)
            }
        }
    }
}

impl DeltaEntry {
    fn input<'a>(&self, names: &'a str) -> BuildInput<'a> {
        let Self { id, point, position, placed, categories, ref name } = *self;
        BuildInput { id, point, position, placed, categories, name: &names[name.clone()] }
    }
}

/// Where in the index a business stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    /// In this place of the tree.
    Base(usize),
    /// Beside it.
    Delta(&'a DeltaEntry),
}
