mod bounds;
#[cfg(test)]
mod tests;

use model::{Ecef, Timestamp, distance, limits};

use super::limits::{ACCURACY_CM_MAX, JITTER_M, MOVING_MPS_MIN};
use super::point::Point;
pub use bounds::Bounds;

/// What a track comes to.
///
/// Distances and speeds are measured from place to place: the next place begins with the first fix that is more than
/// [`JITTER_M`] away from the last one's, so that a phone that lies around goes nowhere. Fixes that say that they may be off by more
/// than [`ACCURACY_CM_MAX`] are passed over. A gap counts as the straight way over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How many points there are.
    pub points: u64,
    /// The effective times of the first and the last one.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Where they lie.
    pub bounds: Option<Bounds>,
    /// The way from place to place, metres.
    pub distance_m: f64,
    /// The time that it took, milliseconds. Of a way that was slower than [`MOVING_MPS_MIN`] only the time since the last fix
    /// before the next place counts: somebody stood.
    pub moving_ms: i64,
    /// The highest speed that the phone told, metres per second; if it told none, the highest from place to place.
    pub speed_max_mps: Option<f64>,
    /// The way through the time that it took, metres per second.
    pub speed_mean_mps: Option<f64>,
}

/// A [`Summary`] that is being made: points are added in the order of their effective times, and of two stretches that
/// follow each other the later one can be added to the earlier one.
#[derive(Debug, Clone, Default)]
pub struct SummaryBuilder {
    points: u64,
    times: Option<(Timestamp, Timestamp)>,
    bounds: Option<bounds::Extent>,
    distance_m: f64,
    moving_ms: i64,
    told_cmps: Option<u16>,
    measured_mps: Option<f64>,
    /// The first place, for whatever comes before.
    first: Option<Place>,
    /// The last place.
    last: Option<Place>,
    /// The time of the last fix that counted.
    counted: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    ecef: Ecef,
    at: Timestamp,
}

impl SummaryBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a point that isn't earlier than those before.
    pub fn add(&mut self, point: &Point) {
        let at = point.effective();
        self.points += 1;
        self.times = Some((self.times.map_or(at, |(first, _)| first), at));
        let extent = bounds::Extent::at(&point.fix);
        self.bounds = Some(self.bounds.map_or(extent, |bounds| bounds.union(extent)));
        self.told_cmps = self.told_cmps.max(point.fix.speed_cmps);
        if point.fix.accuracy_cm.is_some_and(|accuracy_cm| accuracy_cm > ACCURACY_CM_MAX) {
            return;
        }
        self.arrive(Place { ecef: Ecef::from(point.fix.position()), at });
        self.counted = Some(at);
    }

    /// Adds the stretch that follows. At the seam places may be cut in another way than if its points had been added one by one: by
    /// [`JITTER_M`], mostly less.
    #[must_use]
    pub fn followed_by(mut self, later: &Self) -> Self {
        if let Some(first) = later.first {
            self.arrive(first);
        }
        Self {
            points: self.points + later.points,
            times: match (self.times, later.times) {
                (Some((first, _)), Some((_, last))) => Some((first, last)),
                (times, None) | (None, times) => times,
            },
            bounds: match (self.bounds, later.bounds) {
                (Some(bounds), Some(others)) => Some(bounds.union(others)),
                (bounds, None) | (None, bounds) => bounds,
            },
            distance_m: self.distance_m + later.distance_m,
            moving_ms: self.moving_ms + later.moving_ms,
            told_cmps: self.told_cmps.max(later.told_cmps),
            measured_mps: greater(self.measured_mps, later.measured_mps),
            first: self.first,
            last: later.last.or(self.last),
            counted: later.counted.or(self.counted),
        }
    }

    /// What it comes to.
    pub fn finish(&self) -> Summary {
        let told_mps = self.told_cmps.map(|cmps| f64::from(cmps) / 100.0);
        let moving_s = self.moving_ms as f64 / 1_000.0;
        Summary {
            points: self.points,
            times: self.times,
            bounds: self.bounds.map(bounds::Extent::bounds),
            distance_m: self.distance_m,
            moving_ms: self.moving_ms,
            speed_max_mps: told_mps.or(self.measured_mps),
            speed_mean_mps: (self.moving_ms > 0).then(|| self.distance_m / moving_s),
        }
    }

    /// Goes on to a place, if it is far enough from the last one.
    fn arrive(&mut self, place: Place) {
        let Some(last) = self.last else {
            self.first = Some(place);
            self.last = Some(place);
            return;
        };
        let metres = distance(last.ecef, place.ecef).0;
        if metres <= JITTER_M {
            return;
        }
        let ms = (place.at - last.at).max(0);
        let mps = metres / (ms as f64 / 1_000.0);
        let stood = mps < MOVING_MPS_MIN;
        let since_last_fix = self.counted.map_or(ms, |counted| (place.at - counted).clamp(0, ms));
        self.distance_m += metres;
        self.moving_ms += if stood { since_last_fix } else { ms };
        // Faster than any phone may tell, it is a jump.
        if limits::SPEED_MPS.contains(&mps) {
            self.measured_mps = greater(self.measured_mps, Some(mps));
        }
        self.last = Some(place);
    }
}

fn greater(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, None) | (None, one) => one,
    }
}
