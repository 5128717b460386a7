mod categories;
mod grid;
mod planted;
pub(crate) mod search;
mod tree;
mod wishes;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use model::{FeedPosition, Position, ReadToken};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::Change;
use crate::core::catalogue::details::Name;
use crate::core::catalogue::id::BusinessId;
use categories::Categories;
use grid::{Point, point};
use planted::{Planted, Seedling};

/// What is kept besides positions, ids and categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResidentConfig {
    /// Names too, so that searches that show them needn't ask the store: as many bytes as they have, and four.
    pub names: bool,
}

/// Businesses beside the tree, each looked at by every search: more are planted.
pub(crate) const DELTA_MAX: usize = 1_024;
/// Bytes of their names: where the same ones change again and again, their names pile up.
const DELTA_NAMES_BYTES_MAX: usize = 1 << 20;

/// All businesses of one state. A clone shares what is planted.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    config: ResidentConfig,
    pub(crate) planted: Arc<Planted>,
    pub(crate) categories: Arc<Categories>,
    /// Places in the tree of what is removed, or in the delta.
    pub(crate) dead: BTreeSet<u32>,
    pub(crate) delta: HashMap<BusinessId, Sapling>,
    /// The names of those in the delta, and some that aren't any more: one text, as while all is loaded, all are there.
    delta_names: String,
    as_of: ReadToken,
}

/// A business beside the tree.
#[derive(Debug, Clone)]
pub(crate) struct Sapling {
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
    pub(crate) fn new(config: ResidentConfig, as_of: ReadToken) -> Self {
        Self {
            config,
            planted: Arc::default(),
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
        self.planted.entries.len() - self.dead.len() + self.delta.len()
    }

    /// About how many have a category: those planted.
    pub(crate) fn count_of(&self, key: &CategoryKey) -> usize {
        self.planted.counts.get(key).copied().unwrap_or_default()
    }

    /// Follows the feed to `as_of`.
    pub(crate) fn follow(&mut self, changes: Vec<Change>, as_of: ReadToken) {
        for Change { id, business, .. } in changes {
            self.dead.extend(self.planted.place(id));
            match business {
                Some(business) => {
                    let sapling = self.sapling(&business);
                    self.delta.insert(id, sapling);
                }
                None => {
                    self.delta.remove(&id);
                }
            }
        }
        self.as_of = as_of;
    }

    fn sapling(&mut self, business: &Business) -> Sapling {
        let Business { id, details, placed, .. } = business;
        let start = self.delta_names.len();
        if self.config.names {
            self.delta_names.push_str(details.name.as_str());
        }
        Sapling {
            id: *id,
            point: point(details.position),
            position: details.position,
            placed: *placed,
            categories: Categories::number(&mut self.categories, &details.categories),
            name: start..self.delta_names.len(),
        }
    }

    /// Whether so much has changed that searches look at too much.
    pub(crate) fn is_overgrown(&self) -> bool {
        self.delta.len().max(self.dead.len()) > DELTA_MAX
            || self.delta_names.len() > DELTA_NAMES_BYTES_MAX
    }

    /// The same with everything in the tree.
    pub(crate) fn replanted(self) -> Self {
        let Self { config, planted, categories, dead, delta, delta_names, as_of } = self;
        let mut all = Vec::with_capacity(planted.entries.len() + delta.len());
        all.extend(planted.uproot(&dead));
        all.extend(delta.values().map(|sapling| sapling.seedling(&delta_names)));
        let planted = Planted::plant(&all, config.names, &categories, as_of.position);
        Self { planted: Arc::new(planted), categories, ..Self::new(config, as_of) }
    }

    pub(crate) fn id(&self, spot: Spot<'_>) -> BusinessId {
        match spot {
            Spot::Planted(place) => self.planted.entries[place].id,
            Spot::Delta(sapling) => sapling.id,
        }
    }

    pub(crate) fn position(&self, spot: Spot<'_>) -> Position {
        match spot {
            Spot::Planted(place) => self.planted.entries[place].position,
            Spot::Delta(sapling) => sapling.position,
        }
    }

    /// Whether it was placed later than that.
    pub(crate) fn was_placed_after(&self, spot: Spot<'_>, walk: FeedPosition) -> bool {
        match spot {
            Spot::Planted(place) => self.planted.was_placed_after(place, walk),
            Spot::Delta(sapling) => sapling.placed > walk,
        }
    }

    /// The number of its set of categories.
    pub(crate) fn categories(&self, spot: Spot<'_>) -> usize {
        let number = match spot {
            Spot::Planted(place) => self.planted.entries[place].categories,
            Spot::Delta(sapling) => sapling.categories,
        };
        number as usize
    }

    /// What it is called, if names are kept.
    pub(crate) fn name(&self, spot: Spot<'_>) -> Option<Name> {
        match spot {
            Spot::Planted(place) => self.planted.name(place).map(Name::known),
            Spot::Delta(sapling) => {
                let name = Some(&self.delta_names[sapling.name.clone()]);
                name.filter(|name| !name.is_empty()).map(Name::known)
            }
        }
    }
}

impl Sapling {
    fn seedling<'a>(&self, names: &'a str) -> Seedling<'a> {
        let Self { id, point, position, placed, categories, ref name } = *self;
        Seedling { id, point, position, placed, categories, name: &names[name.clone()] }
    }
}

/// Where in the index a business stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot<'a> {
    /// In this place of the tree.
    Planted(usize),
    /// Beside it.
    Delta(&'a Sapling),
}
