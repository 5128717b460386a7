use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::Position;

use super::ResidentConfig;
use super::categories::Categories;
use super::grid::{chord2, chord2_max, chord2_surely, point};
use super::planted::{Planted, Seedling};
use super::tree::Visitor;
use crate::category::CategoryKey;
use crate::circle::{Circle, Millimetres};
use crate::details::Name;
use crate::freshness::{FeedPosition, Freshness};
use crate::id::BusinessId;
use crate::search::bookmark::Bookmark;
use crate::search::nearest::Nearest;
use crate::search::{Found, Hit, Query};
use crate::store::Change;

/// Businesses beside the tree, each looked at by every search: more are planted.
pub(super) const DELTA_MAX: usize = 1_024;

/// All businesses of one state. A clone shares what is planted.
#[derive(Debug, Clone)]
pub(super) struct Index {
    config: ResidentConfig,
    planted: Arc<Planted>,
    categories: Arc<Categories>,
    /// Places in the tree of what is removed, or in the delta.
    dead: HashSet<u32>,
    delta: HashMap<BusinessId, Seedling>,
    as_of: Freshness,
}

impl Index {
    /// Nothing yet.
    pub(super) fn new(config: ResidentConfig, as_of: Freshness) -> Self {
        Self {
            config,
            planted: Arc::default(),
            categories: Arc::default(),
            dead: HashSet::new(),
            delta: HashMap::new(),
            as_of,
        }
    }

    /// The state that this is.
    pub(super) fn as_of(&self) -> Freshness {
        self.as_of
    }

    /// How many businesses there are.
    pub(super) fn len(&self) -> usize {
        self.planted.entries.len() - self.dead.len() + self.delta.len()
    }

    /// About how many have a category: those planted.
    pub(super) fn count_of(&self, key: &CategoryKey) -> usize {
        self.planted.counts.get(key).copied().unwrap_or_default()
    }

    /// Follows the feed to `as_of`.
    pub(super) fn follow(&mut self, changes: Vec<Change>, as_of: Freshness) {
        for Change { id, business, .. } in changes {
            self.dead.extend(self.planted.place(id));
            match business {
                Some(business) => {
                    let seedling = Seedling::of(&business, &mut self.categories, self.config);
                    self.delta.insert(id, seedling);
                }
                None => {
                    self.delta.remove(&id);
                }
            }
        }
        self.as_of = as_of;
    }

    /// Whether so much has changed that searches look at too much.
    pub(super) fn is_overgrown(&self) -> bool {
        self.delta.len().max(self.dead.len()) > DELTA_MAX
    }

    /// The same with everything in the tree.
    pub(super) fn replanted(self) -> Self {
        let Self { config, planted, categories, dead, delta, as_of } = self;
        let mut all = planted.uproot(&dead);
        drop(planted);
        all.extend(delta);
        let planted = Arc::new(Planted::plant(all, &categories, as_of.position));
        Self { config, planted, categories, dead: HashSet::new(), delta: HashMap::new(), as_of }
    }

    /// A page of what a query finds.
    pub(super) fn nearby(&self, query: &Query, after: Option<Bookmark>, names: bool) -> Found {
        let walk = after.map_or(self.as_of, |bookmark| bookmark.began);
        let mut page = Page {
            nearest: Nearest::new(after.as_ref(), query.limit()),
            walk: walk.position,
            radius: query.circle().radius(),
            names,
        };
        self.look(query, after.map_or(Millimetres(0), |bookmark| bookmark.distance), &mut page);
        let (hits, next) = page.nearest.into_page(walk);
        Found { hits, next, as_of: self.as_of }
    }

    /// How many a query finds.
    pub(super) fn total(&self, query: &Query) -> u64 {
        let mut count = Count { radius: query.circle().radius(), total: 0 };
        self.look(query, query.circle().radius(), &mut count);
        count.total
    }

    fn look(&self, query: &Query, near: Millimetres, wish: &mut impl Wish) {
        let circle = query.circle();
        let from = point(circle.centre());
        let having = query.category().map(|key| self.categories.having(key));
        let near2 = chord2_surely(near.metres());
        let mut look = Look { index: self, circle, having, near2, wish };
        for (id, seedling) in &self.delta {
            let Seedling { point, position, placed, categories, name } = seedling;
            let place = Place { id: *id, position: *position, placed: *placed };
            look.at(chord2(*point, from), *categories, || place, || name.clone());
        }
        self.planted.tree.visit(from, &mut look);
    }
}

/// Where a business is, and since when.
struct Place {
    id: BusinessId,
    position: Position,
    placed: FeedPosition,
}

/// What is asked of everything within reach.
trait Wish {
    /// How far it reaches; it may shrink.
    fn reach(&self) -> Millimetres;

    /// What to do with one that is surely near.
    fn take_near(&mut self);

    /// What to do with one that isn't, nor surely out of reach.
    fn take(&mut self, circle: &Circle, place: Place, name: impl FnOnce() -> Option<Name>);
}

/// The nearest behind those that are near, which were shown before.
struct Page {
    nearest: Nearest,
    walk: FeedPosition,
    radius: Millimetres,
    names: bool,
}

impl Wish for Page {
    fn reach(&self) -> Millimetres {
        self.nearest.farthest().map_or(self.radius, |(distance, _)| distance)
    }

    fn take_near(&mut self) {}

    fn take(&mut self, circle: &Circle, place: Place, name: impl FnOnce() -> Option<Name>) {
        let Place { id, position, placed } = place;
        let distance = circle.distance(position);
        let is_farther = self.nearest.farthest().is_some_and(|last| (distance, id) > last);
        if distance <= self.radius && placed <= self.walk && !is_farther {
            let name = if self.names { name() } else { None };
            self.nearest.offer(Hit { distance, id, position, name, business: None });
        }
    }
}

/// All, near or not.
struct Count {
    radius: Millimetres,
    total: u64,
}

impl Wish for Count {
    fn reach(&self) -> Millimetres {
        self.radius
    }

    fn take_near(&mut self) {
        self.total += 1;
    }

    fn take(&mut self, circle: &Circle, place: Place, _: impl FnOnce() -> Option<Name>) {
        self.total += u64::from(circle.distance(place.position) <= self.radius);
    }
}

struct Look<'a, W> {
    index: &'a Index,
    circle: &'a Circle,
    /// Of which sets of categories, if not of any.
    having: Option<Vec<bool>>,
    near2: f64,
    wish: &'a mut W,
}

impl<W: Wish> Look<'_, W> {
    fn at(
        &mut self,
        chord2: f64,
        categories: u32,
        place: impl FnOnce() -> Place,
        name: impl FnOnce() -> Option<Name>,
    ) {
        let is_wanted = self.having.as_ref().is_none_or(|having| having[categories as usize]);
        if !is_wanted || chord2 > self.reach2() {
            return;
        }
        if chord2 < self.near2 {
            self.wish.take_near();
        } else {
            self.wish.take(self.circle, place(), name);
        }
    }
}

impl<W: Wish> Visitor for Look<'_, W> {
    fn visit(&mut self, place: usize, chord2: f64) {
        // Most of those shown are out of reach: nothing else of them is read.
        if chord2 > self.reach2() || self.index.dead.contains(&(place as u32)) {
            return;
        }
        let planted = &self.index.planted;
        let entry = planted.entries[place];
        let placed = || planted.placed(place);
        let found = || Place { id: entry.id, position: entry.position, placed: placed() };
        self.at(chord2, entry.categories, found, || planted.name(place));
    }

    fn reach2(&self) -> f64 {
        chord2_max(self.wish.reach().metres())
    }
}
