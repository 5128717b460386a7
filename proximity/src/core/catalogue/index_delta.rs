use std::collections::{BTreeMap, BTreeSet};

use model::{FeedPosition, Position, Timestamp};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::{CategoryKey, keys as category_keys};
use crate::core::catalogue::change_set::BusinessChange;
use crate::core::catalogue::details::Name;
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::Code;
use crate::core::geo::hexagon;

/// What changes in the tables that searches read: first what goes, then what comes.
#[derive(Debug, Default)]
pub(crate) struct IndexDelta {
    /// Places that go, in their order.
    pub(crate) places_out: Vec<(Code, BusinessId)>,
    /// Places that come, in their order.
    pub(crate) places_in: Vec<PlaceRow>,
    /// Places that no longer have a category.
    pub(crate) categories_out: Vec<(CategoryKey, Code, BusinessId)>,
    /// Places that have a category from now on.
    pub(crate) categories_in: Vec<(CategoryKey, PlaceRow)>,
    /// By how much the counters of counted cells change, by the integers of the cells; those that stay aren't there.
    pub(crate) cells: BTreeMap<i64, i64>,
    /// The same of H3's cells.
    pub(crate) hexagons: BTreeMap<i64, i64>,
    /// When the last business was removed or left a category, if any did.
    pub(crate) left_at: Option<Timestamp>,
}

/// What searches read of a business.
#[derive(Debug, Clone)]
pub(crate) struct PlaceRow {
    pub(crate) code: Code,
    pub(crate) id: BusinessId,
    pub(crate) position: Position,
    pub(crate) placed: FeedPosition,
    pub(crate) name: Name,
}

impl IndexDelta {
    /// What these changes make of the tables.
    pub(crate) fn new(changes: &[BusinessChange]) -> Self {
        let mut delta = Self { hexagons: hexagon::changes(changes), ..Self::default() };
        for BusinessChange { before, after, at, .. } in changes {
            let (before, after) = (before.as_ref().map(Entry::new), after.as_ref().map(Entry::new));
            delta.add(before.as_ref(), after.as_ref());
            let left =
                before.is_some_and(|before| before.categories_but(after.as_ref()).next().is_some());
            delta.left_at = delta.left_at.max(left.then_some(*at));
        }
        delta.cells.retain(|_, more| *more != 0);
        delta.places_out.sort_unstable();
        delta.places_in.sort_unstable_by_key(PlaceRow::key);
        delta
    }

    /// The categories that businesses left or stand elsewhere in, each once.
    pub(crate) fn categories_left(&self) -> BTreeSet<&str> {
        self.categories_out.iter().map(|(key, _, _)| key.as_str()).collect()
    }

    fn add(&mut self, before: Option<&Entry>, after: Option<&Entry>) {
        let stays =
            before.zip(after).is_some_and(|(before, after)| before.place.is_as(&after.place));
        if let Some(entry) = before {
            let (code, id) = entry.place.key();
            if !stays {
                self.places_out.push((code, id));
                self.count(code, -1);
            }
            let gone = entry.categories_but(after.filter(|_| stays));
            self.categories_out.extend(gone.map(|key| (key.clone(), code, id)));
        }
        if let Some(entry) = after {
            if !stays {
                self.places_in.push(entry.place.clone());
                self.count(entry.place.code, 1);
            }
            let new = entry.categories_but(before.filter(|_| stays));
            self.categories_in.extend(new.map(|key| (key.clone(), entry.place.clone())));
        }
    }

    fn count(&mut self, code: Code, more: i64) {
        *self.cells.entry(i64::from(code.counted_cell().0)).or_default() += more;
    }
}

impl PlaceRow {
    /// What the tables are ordered by.
    pub(crate) fn key(&self) -> (Code, BusinessId) {
        (self.code, self.id)
    }

    /// Whether the other says the same: so there is nothing to write.
    fn is_as(&self, other: &Self) -> bool {
        self.position == other.position && self.name == other.name
    }
}

/// What stands about a business in the tables that searches read.
struct Entry {
    place: PlaceRow,
    categories: Vec<CategoryKey>,
}

impl Entry {
    fn new(business: &Business) -> Self {
        let Business { id, ref details, placed, .. } = *business;
        let (position, name) = (details.position, details.name.clone());
        Self {
            place: PlaceRow { code: Code::new(position), id, position, placed, name },
            categories: category_keys(&details.categories),
        }
    }

    /// Those that the one staying in its place hasn't.
    fn categories_but(&self, staying: Option<&Self>) -> impl Iterator<Item = &CategoryKey> {
        self.categories
            .iter()
            .filter(move |key| staying.is_none_or(|other| !other.categories.contains(key)))
    }
}
