//! Businesses counted by the cells of H3, for maps: each in the one cell of every resolution that has its position.
//!
//! Every resolution has counters of its own: a cell of H3 isn't what its children cover, so summing them up would tell
//! some of the neighbours' businesses (one of fourteen, from one resolution to the next).

mod viewport;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use h3o::{CellIndex, LatLng, LatLngIndexer};
use model::Position;

use crate::core::catalogue::change_set::BusinessChange;
use crate::core::geo::cell::hide;
pub use viewport::{Viewport, ViewportError};

/// The most cells of a viewport, and the most ranges that a store is asked for at once.
pub const HEXAGONS_MAX: usize = 4_096;
/// The most cells of a viewport whose resolution is ours to choose.
pub const HEXAGONS_CHOSEN_MAX: usize = 500;

/// How large cells are: from 0, 4,000,000 km² each, to 11, 2,000 m²; every step is seven times as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resolution(h3o::Resolution);

/// A cell of H3: a hexagon, or one of the twelve pentagons of each resolution.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hexagon(CellIndex);

/// Cells of one resolution from one to another, both included, in the order of H3's index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexagonRange {
    /// The first.
    pub first: Hexagon,
    /// The last.
    pub last: Hexagon,
}

impl Resolution {
    /// The finest.
    pub const MAX: Self = Self(h3o::Resolution::Eleven);

    /// From 0 to [`MAX`](Self::MAX).
    pub fn new(number: u8) -> Option<Self> {
        h3o::Resolution::try_from(number).ok().map(Self).filter(|it| *it <= Self::MAX)
    }

    /// As H3 counts them.
    pub fn number(self) -> u8 {
        self.0.into()
    }

    /// All, the coarsest first.
    pub fn all() -> impl Iterator<Item = Self> {
        h3o::Resolution::range(h3o::Resolution::Zero, Self::MAX.0).map(Self)
    }
}

impl Hexagon {
    /// The cells that have a position, one of each resolution. Longitude 180 is −180, since it is the same meridian.
    pub fn all_of(position: Position) -> impl Iterator<Item = Self> {
        let longitude = if position.longitude() >= 180.0 { -180.0 } else { position.longitude() };
        let point = LatLng::new(position.latitude(), longitude).expect("a position is finite");
        // Finds the place on the icosahedron once for all of them: a fifth of the time.
        let mut indexer = LatLngIndexer::default();
        let all: Vec<CellIndex> =
            indexer.to_cells(point, Resolution::all().map(|it| it.0)).collect();
        all.into_iter().map(Self)
    }

    /// As a database keeps it; `None` for what is no cell.
    pub fn from_integer(integer: i64) -> Option<Self> {
        CellIndex::try_from(u64::try_from(integer).ok()?).ok().map(Self)
    }

    /// As a database keeps it: the index of H3, whose highest bit is never set.
    pub fn integer(self) -> i64 {
        u64::from(self.0) as i64
    }

    /// How large it is.
    pub fn resolution(self) -> Resolution {
        Resolution(self.0.resolution())
    }
}

/// By the index, as databases have it: the coarser before the finer.
impl Ord for Hexagon {
    fn cmp(&self, other: &Self) -> Ordering {
        self.integer().cmp(&other.integer())
    }
}

impl PartialOrd for Hexagon {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// H3's index, 15 hexadecimal digits in lower case.
impl fmt::Display for Hexagon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", u64::from(self.0))
    }
}

hide!(Hexagon, HexagonRange);

impl HexagonRange {
    /// All cells of a resolution.
    #[cfg(any(test, feature = "test-kit"))]
    pub(crate) fn whole(Resolution(resolution): Resolution) -> Self {
        let (first, last) = (CellIndex::first(resolution), CellIndex::last(resolution));
        Self { first: Hexagon(first), last: Hexagon(last) }
    }

    /// Cells in order, put together where one follows the other.
    fn new(cells: impl IntoIterator<Item = CellIndex>) -> Vec<Self> {
        let mut ranges: Vec<Self> = Vec::new();
        for cell in cells {
            match ranges.last_mut() {
                Some(range) if next(range.last.0) == Some(cell) => range.last = Hexagon(cell),
                _ => ranges.push(Self { first: Hexagon(cell), last: Hexagon(cell) }),
            }
        }
        ranges
    }

    /// Whether the cell is one of these.
    pub fn contains(&self, cell: Hexagon) -> bool {
        (self.first..=self.last).contains(&cell)
    }
}

/// The cell that follows in the order of the index, if there is one. The library's `succ` alone takes the resolution for a part of the
/// cell behind the last one of base cell 54, at resolutions 3, 7 and 11 (h3o 0.11).
fn next(cell: CellIndex) -> Option<CellIndex> {
    let base = cell.parent(h3o::Resolution::Zero)?;
    let position = cell.child_position(h3o::Resolution::Zero)?;
    if position + 1 < base.children_count(cell.resolution()) {
        return cell.succ();
    }
    base.succ()?.center_child(cell.resolution())
}

/// By how much the counters change, by the integers of their cells; those that stay aren't there.
pub(crate) fn changes(changes: &[BusinessChange]) -> BTreeMap<i64, i64> {
    let mut more: BTreeMap<i64, i64> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.is_placed() || change.after.is_none()) {
        for (business, by) in [(&change.before, -1), (&change.after, 1)] {
            let cells = business.iter().flat_map(|it| Hexagon::all_of(it.details.position));
            cells.for_each(|cell| *more.entry(cell.integer()).or_default() += by);
        }
    }
    more.retain(|_, by| *by != 0);
    more
}

#[cfg(test)]
mod tests;
