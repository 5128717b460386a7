use std::collections::BinaryHeap;

use super::grid::{chord2_beyond, chord2_max, chord2_surely};
use super::{Entry, Index};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::circle::{Circle, Millimetres};
use crate::core::search::Query;
use crate::core::search::SearchCursor;
use model::FeedPosition;

/// What is asked of all businesses around a point.
pub(crate) trait Collector<'a> {
    /// The square of the reach, in steps: what is farther away needn't be shown. Never grows.
    fn reach2(&self) -> f64;

    /// Takes one within reach, whose chord has this square, in steps.
    fn take(&mut self, chord2: f64, entry: Entry<'a>);

    /// The square, in steps, of chords of which it is enough to know how many there are; less than 0 if of none.
    fn count2(&self) -> f64 {
        -1.0
    }

    /// Takes so many of these.
    fn count(&mut self, _: usize) {}
}

/// The nearest of those that weren't shown on the pages before, and one more.
///
/// Chords between points of the grid choose, which cost next to nothing, with enough room for their errors. Only those
/// that may be among the nearest are measured.
pub(crate) struct Page<'a, 'q> {
    index: &'a Index,
    circle: &'q Circle,
    /// The last one of the page before.
    after: Option<(Millimetres, BusinessId)>,
    /// Chords that are surely, and perhaps, of those that were shown before.
    shown2: f64,
    perhaps_shown2: f64,
    /// Those placed later are none of this walk.
    walk: FeedPosition,
    wanted: usize,
    /// The squares of the shortest chords, as many as wanted, by their bits, which have the order of positive numbers.
    shortest: BinaryHeap<u64>,
    reach2: f64,
    candidates: Vec<(f64, Entry<'a>)>,
}

impl<'a, 'q> Page<'a, 'q> {
    pub(crate) fn new(
        index: &'a Index,
        query: &'q Query,
        after: Option<&SearchCursor>,
        walk: FeedPosition,
    ) -> Self {
        let shown_m = after.map(|cursor| cursor.distance.metres());
        let wanted = query.limit() + 1;
        Self {
            index,
            circle: query.circle(),
            after: after.map(|cursor| (cursor.distance, cursor.id)),
            shown2: shown_m.map_or(0.0, chord2_surely),
            perhaps_shown2: shown_m.map_or(0.0, chord2_max),
            walk,
            wanted,
            shortest: BinaryHeap::with_capacity(wanted),
            reach2: chord2_max(query.circle().radius().metres()),
            candidates: Vec::with_capacity(2 * wanted),
        }
    }

    /// Up to as many as wanted, in the order of distance and id.
    pub(crate) fn into_hits(self) -> Vec<(Millimetres, Entry<'a>)> {
        let Self { index, circle, candidates, reach2, .. } = self;
        let near = candidates.iter().filter(|(chord2, _)| *chord2 <= reach2);
        let measured = near.map(|(_, entry)| (circle.distance(index.position(*entry)), *entry));
        let mut hits = Vec::with_capacity(candidates.len());
        hits.extend(measured.filter(|(distance, _)| *distance <= circle.radius()));
        hits.sort_unstable_by_key(|(distance, entry)| (*distance, index.id(*entry)));
        hits.truncate(self.wanted);
        hits
    }

    /// Shortens the reach, if this is one of the shortest chords.
    fn note(&mut self, chord2: f64) {
        if self.shortest.len() < self.wanted {
            self.shortest.push(chord2.to_bits());
        } else if let Some(mut last) = self.shortest.peek_mut()
            && chord2.to_bits() < *last
        {
            *last = chord2.to_bits();
        } else {
            return;
        }
        // Whatever is beyond the last of them isn't nearer than any of them, however they are measured; and if one of them
        // lies outside of the circle, so does everything beyond.
        if self.shortest.len() == self.wanted
            && let Some(last) = self.shortest.peek()
        {
            self.reach2 = self.reach2.min(chord2_beyond(f64::from_bits(*last)));
        }
    }

    /// Drops what is out of reach by now; more room is taken only if most aren't.
    fn make_room(&mut self) {
        let (reach2, room) = (self.reach2, self.candidates.capacity());
        self.candidates.retain(|(chord2, _)| *chord2 <= reach2);
        if self.candidates.len() > room / 2 {
            self.candidates.reserve(room);
        }
    }

    fn was_shown(&self, chord2: f64, entry: Entry<'a>) -> bool {
        if chord2 > self.perhaps_shown2 {
            return false;
        }
        let rank = || (self.circle.distance(self.index.position(entry)), self.index.id(entry));
        chord2 < self.shown2 || self.after.is_some_and(|last| rank() <= last)
    }
}

impl<'a> Collector<'a> for Page<'a, '_> {
    fn reach2(&self) -> f64 {
        self.reach2
    }

    fn take(&mut self, chord2: f64, entry: Entry<'a>) {
        if self.was_shown(chord2, entry) || self.index.was_placed_after(entry, self.walk) {
            return;
        }
        self.note(chord2);
        if self.candidates.len() == self.candidates.capacity() {
            self.make_room();
        }
        self.candidates.push((chord2, entry));
    }
}

/// How many there are in a circle.
pub(crate) struct Count<'a, 'q> {
    index: &'a Index,
    circle: &'q Circle,
    inside2: f64,
    reach2: f64,
    pub(crate) total: u64,
}

impl<'a, 'q> Count<'a, 'q> {
    pub(crate) fn new(index: &'a Index, circle: &'q Circle) -> Self {
        let radius_m = circle.radius().metres();
        let (inside2, reach2) = (chord2_surely(radius_m), chord2_max(radius_m));
        Self { index, circle, inside2, reach2, total: 0 }
    }
}

impl<'a> Collector<'a> for Count<'a, '_> {
    fn reach2(&self) -> f64 {
        self.reach2
    }

    fn take(&mut self, chord2: f64, entry: Entry<'a>) {
        let distance = || self.circle.distance(self.index.position(entry));
        self.total += u64::from(chord2 < self.inside2 || distance() <= self.circle.radius());
    }

    fn count2(&self) -> f64 {
        self.inside2
    }

    fn count(&mut self, count: usize) {
        self.total += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use model::{Metres, Position};
    use proptest::prelude::*;

    use super::super::grid::{chord2, point};
    use super::*;

    fn position() -> impl Strategy<Value = Position> {
        (-90.0..=90.0f64, -180.0..=180.0f64)
            .prop_map(|(latitude, longitude)| Position::new(latitude, longitude).expect("on Earth"))
    }

    /// So many metres off, about; across the antimeridian and the poles too.
    fn off(from: Position, north_m: f64, east_m: f64) -> Position {
        let latitude = (from.latitude() + north_m / 111_000.0).clamp(-90.0, 90.0);
        let east = east_m / (111_000.0 * latitude.to_radians().cos().max(1e-6));
        let longitude = (from.longitude() + east + 540.0).rem_euclid(360.0) - 180.0;
        Position::new(latitude, longitude).expect("on Earth")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn what_is_beyond_a_chord_is_farther_away(
            from in position(), exponent in -3.0..5.2f64, one in 0.0..6.3f64, other in 0.0..6.3f64,
            stretch in 1.0..1.001f64,
        ) {
            let metres = 10f64.powf(exponent);
            let at = |angle: f64, metres: f64| off(from, metres * angle.cos(), metres * angle.sin());
            let (near, far) = (at(one, metres), at(other, metres * stretch));
            let circle = Circle::new(from, Millimetres::new(Metres(1.0)));
            let chord2 = |to: Position| chord2(point(from), point(to));
            if chord2(far) > chord2_beyond(chord2(near)) {
                prop_assert!(circle.distance(far) > circle.distance(near));
            }
        }
    }
}
