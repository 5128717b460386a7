use std::sync::Arc;

use model::Monotonic;
use quick_cache::sync::Cache;

use crate::core::geo::cell::{AREA_BITS, Area, COUNTED_BITS, Code, CountedCell};
use crate::core::geo::circle::{Circle, Millimetres};

/// Areas whose density is remembered: all of the Earth's land has some 250,000, a country has hundreds. Up to 8 KB each.
pub(crate) const AREAS_MAX: usize = 4_096;
/// How long a density is believed, milliseconds: ten minutes. A stale one costs a round trip, never a result.
pub(crate) const DENSITY_AGE_MS_MAX: u64 = 600_000;
/// Of how many more than needed a circle is sought: density isn't even, and a second round trip costs more than rows.
const MARGIN: f64 = 2.0;
/// The Earth's surface, square metres, and its mean radius, metres.
const SURFACE_M2: f64 = 5.1e14;
const RADIUS_M: f64 = 6_371_008.8;
/// The smallest first circle, metres.
const RADIUS_M_MIN: f64 = 25.0;

/// How densely businesses stand, as far as it was asked for.
pub(crate) struct Hints {
    areas: Cache<Area, Arc<Density>>,
}

impl Default for Hints {
    fn default() -> Self {
        Self { areas: Cache::new(AREAS_MAX) }
    }
}

/// What is known of a neighbourhood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hint {
    /// As large a circle probably has enough.
    Radius(Millimetres),
    /// There are so few that it says nothing.
    TooFew,
    /// Nothing; the store can be asked.
    ToBeLearned,
}

#[derive(Debug)]
struct Density {
    cells: Vec<(CountedCell, u32)>,
    learned: Monotonic,
}

impl Hints {
    /// The radius of a circle that probably has `needed` businesses.
    pub(crate) fn radius(&self, circle: &Circle, needed: usize, now: Monotonic) -> Hint {
        let code = Code::new(circle.centre());
        match self.areas.get(&code.area()) {
            Some(density) if now.since_ms(density.learned) <= DENSITY_AGE_MS_MAX => {
                let radius = density.radius(circle, code.counted_cell(), needed);
                radius.map_or(Hint::TooFew, Hint::Radius)
            }
            _ => Hint::ToBeLearned,
        }
    }

    /// What a store said.
    pub(crate) fn learn(&self, area: Area, cells: Vec<(CountedCell, u32)>, now: Monotonic) {
        self.areas.insert(area, Arc::new(Density { cells, learned: now }));
    }
}

impl Density {
    /// From the smallest cell around the centre that has enough of them itself: it says most of the neighbourhood.
    fn radius(&self, circle: &Circle, cell: CountedCell, needed: usize) -> Option<Millimetres> {
        let wanted = needed as f64 * MARGIN;
        (AREA_BITS..=COUNTED_BITS).rev().step_by(2).find_map(|bits| {
            let count = self.count(cell, bits);
            if (count as f64) < wanted {
                return None;
            }
            let cell_m2 = area_m2(circle, bits);
            let radius_m = (wanted * cell_m2 / (count as f64 * std::f64::consts::PI)).sqrt();
            Some(Millimetres::new(model::Metres(radius_m.max(RADIUS_M_MIN))))
        })
    }

    /// Businesses in the cell of fewer bits around a counted cell.
    fn count(&self, cell: CountedCell, bits: u32) -> u64 {
        let rest = COUNTED_BITS - bits;
        let first = CountedCell(cell.0 >> rest << rest);
        let last = CountedCell(first.0 + ((1 << rest) - 1));
        let from = self.cells.partition_point(|(cell, _)| *cell < first);
        let cells = self.cells[from..].iter().take_while(|(cell, _)| *cell <= last);
        cells.map(|(_, count)| u64::from(*count)).sum()
    }
}

/// About as large as a cell of so many bits is at this latitude, on a map of equal degrees.
fn area_m2(circle: &Circle, bits: u32) -> f64 {
    let at_equator = SURFACE_M2 / (1_u64 << bits) as f64 * std::f64::consts::FRAC_PI_2;
    at_equator * circle.centre().latitude().to_radians().cos().max(1.0 / RADIUS_M)
}

#[cfg(test)]
mod tests {
    use model::Position;

    use super::*;

    fn circle() -> Circle {
        Circle::new(Position::new(36.12, -115.17).expect("on Earth"), Millimetres(5_000_000))
    }

    #[test]
    fn the_denser_the_smaller() {
        let code = Code::new(circle().centre());
        let radius = |count: u32| {
            let hints = Hints::default();
            hints.learn(code.area(), vec![(code.counted_cell(), count)], Monotonic(0));
            hints.radius(&circle(), 21, Monotonic(0))
        };
        let (village, city) = (radius(50), radius(5_000));
        assert!(city < village && village < Hint::Radius(Millimetres(1_000_000)));
        // Too few in the cell: the next larger one is so much emptier.
        assert!(radius(41) > radius(50));
        assert_eq!(radius(1), Hint::TooFew);
    }

    #[test]
    fn what_is_old_or_was_never_learned_is_to_be_asked_for() {
        let hints = Hints::default();
        assert_eq!(hints.radius(&circle(), 21, Monotonic(0)), Hint::ToBeLearned);
        let code = Code::new(circle().centre());
        hints.learn(code.area(), vec![], Monotonic(5));
        let after = |ms| hints.radius(&circle(), 21, Monotonic(ms));
        assert_eq!(after(DENSITY_AGE_MS_MAX + 5), Hint::TooFew);
        assert_eq!(after(DENSITY_AGE_MS_MAX + 6), Hint::ToBeLearned);
    }

    #[test]
    fn no_more_areas_are_remembered_than_allowed() {
        let hints = Hints::default();
        for n in 0..2 * AREAS_MAX as u32 {
            hints.learn(Area(n), vec![], Monotonic(0));
            assert!(hints.areas.get(&Area(n)).is_some());
        }
        // Only as many as came beyond the limit are forgotten, give or take what falls to one part of the cache.
        assert!((AREAS_MAX * 9 / 10..=AREAS_MAX).contains(&hints.areas.len()));
    }
}
