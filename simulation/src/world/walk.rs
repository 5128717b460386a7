use std::time::Duration;

use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};
use model::{Metres, Position, SeededRandom};

use crate::world::chance::{below, fraction, shuffle};

/// On foot, by bicycle, by car in a town; metres per second.
const SPEEDS_MPS: [f64; 4] = [1.4, 1.4, 5.0, 13.0];

/// How long somebody stays at a place, at most, seconds.
const PAUSE_S_MAX: f64 = 60.0;

/// How many places people walk between: enough for variety, few enough that people meet.
const PLACES: std::ops::RangeInclusive<usize> = 8..=2_000;

/// People who walk between random places within a circle, each on the shortest way and at their own speed, and tell
/// where they are once per interval, each at their own moment of it.
///
/// The circle may lie over a pole or the antimeridian. Two random points of it are within a radius r of each other
/// always where its own radius is at most r / 2, and in about (r / its radius)² of cases where it is much wider.
pub(crate) struct Walkers {
    earth: Geodesic,
    random: SeededRandom,
    places: Vec<(f64, f64)>,
    people: Vec<Walker>,
    /// Whose turn it is, in order of their moment within the interval.
    turns: Vec<(Duration, u32)>,
    turns_taken: u64,
    interval: Duration,
}

struct Walker {
    from: (f64, f64),
    to: (f64, f64),
    azimuth_deg: f64,
    length_m: f64,
    walked_m: f64,
    speed_mps: f64,
    pause_s: f64,
}

/// A walker's report, due some time after the start.
pub(crate) struct Turn {
    pub(crate) due: Duration,
    pub(crate) walker: u32,
    pub(crate) position: Position,
}

impl Walkers {
    pub(crate) fn new(
        count: usize,
        centre: Position,
        spread: Metres,
        interval: Duration,
        seed: u64,
    ) -> Self {
        let earth = Geodesic::wgs84();
        let random = SeededRandom::new(seed);
        let places = (0..count.clamp(*PLACES.start(), *PLACES.end()))
            .map(|_| {
                // The square root spreads the places evenly over the circle's area.
                let far_m = spread.0 * fraction(&random).sqrt();
                let azimuth = 360.0 * fraction(&random);
                let (latitude, longitude, _): (f64, f64, f64) =
                    earth.direct(centre.latitude(), centre.longitude(), azimuth, far_m);
                (latitude, longitude)
            })
            .collect();
        let mut turns: Vec<_> =
            (0..count as u32).map(|walker| (interval.mul_f64(fraction(&random)), walker)).collect();
        shuffle(&random, &mut turns);
        turns.sort_by_key(|(moment, _)| *moment);
        let mut all =
            Self { earth, random, places, people: Vec::new(), turns, turns_taken: 0, interval };
        all.people = (0..count).map(|_| all.somebody()).collect();
        all
    }

    /// The next report; they never end.
    pub(crate) fn turn(&mut self) -> Turn {
        let round = self.turns_taken / self.turns.len() as u64;
        let (moment, walker) = self.turns[(self.turns_taken % self.turns.len() as u64) as usize];
        self.turns_taken += 1;
        let due = moment + Duration::from_secs_f64(self.interval.as_secs_f64() * round as f64);
        Turn { due, walker, position: self.walk(walker as usize) }
    }

    /// Somebody halfway between two places.
    fn somebody(&self) -> Walker {
        let start = self.places[below(&self.random, self.places.len())];
        let speed_mps = SPEEDS_MPS[below(&self.random, SPEEDS_MPS.len())];
        let mut walker = self.leg(start, speed_mps);
        walker.pause_s = 0.0;
        walker.walked_m = walker.length_m * fraction(&self.random);
        walker
    }

    fn leg(&self, from: (f64, f64), speed_mps: f64) -> Walker {
        let to = self.places[below(&self.random, self.places.len())];
        let (length_m, azimuth_deg, _, _): (f64, f64, f64, f64) =
            self.earth.inverse(from.0, from.1, to.0, to.1);
        let pause_s = PAUSE_S_MAX * fraction(&self.random);
        Walker { from, to, azimuth_deg, length_m, walked_m: 0.0, speed_mps, pause_s }
    }

    fn walk(&mut self, walker: usize) -> Position {
        let seconds = self.interval.as_secs_f64();
        let who = &mut self.people[walker];
        if who.pause_s > 0.0 {
            who.pause_s -= seconds;
        } else {
            who.walked_m += who.speed_mps * seconds;
        }
        let here = if who.walked_m < who.length_m {
            let (latitude, longitude, _): (f64, f64, f64) =
                self.earth.direct(who.from.0, who.from.1, who.azimuth_deg, who.walked_m);
            (latitude, longitude)
        } else {
            let (place, speed_mps) = (who.to, who.speed_mps);
            self.people[walker] = self.leg(place, speed_mps);
            place
        };
        Position::new(here.0.clamp(-90.0, 90.0), here.1.clamp(-180.0, 180.0))
            .expect("the geodesic ends on Earth")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn positions(latitude: f64, longitude: f64) -> Vec<(u32, Position)> {
        let centre = Position::new(latitude, longitude).expect("on Earth");
        let mut walkers = Walkers::new(20, centre, Metres(3_000.0), INTERVAL, 7);
        (0..20_000).map(|_| walkers.turn()).map(|turn| (turn.walker, turn.position)).collect()
    }

    fn karney(a: Position, b: Position) -> f64 {
        Geodesic::wgs84().inverse(a.latitude(), a.longitude(), b.latitude(), b.longitude())
    }

    #[test]
    fn nobody_leaves_the_circle_wherever_it_lies() {
        for (latitude, longitude) in [(36.12, -115.17), (90.0, 0.0), (-16.5, 180.0), (0.0, 0.0)] {
            let centre = Position::new(latitude, longitude).expect("on Earth");
            for (_, position) in positions(latitude, longitude) {
                assert!(karney(centre, position) < 3_001.0);
            }
        }
    }

    #[test]
    fn nobody_is_faster_than_a_car() {
        let mut last = [None::<Position>; 20];
        let mut moved = 0;
        for (walker, position) in positions(36.12, -115.17) {
            if let Some(before) = last[walker as usize].replace(position) {
                let metres = karney(before, position);
                assert!(metres <= 13.0 * 5.0 + 0.01, "{metres} m in 5 s");
                moved += usize::from(metres > 1.0);
            }
        }
        assert!(moved > 10_000, "people should mostly be on their way");
    }

    #[test]
    fn everybody_reports_once_per_interval_in_order_of_time() {
        let centre = Position::new(1.0, 2.0).expect("on Earth");
        let mut walkers = Walkers::new(50, centre, Metres(100.0), INTERVAL, 3);
        let turns: Vec<_> = (0..150).map(|_| walkers.turn()).collect();
        assert!(turns.is_sorted_by_key(|turn| turn.due));
        for round in turns.chunks(50) {
            let mut who: Vec<_> = round.iter().map(|turn| turn.walker).collect();
            who.sort_unstable();
            assert_eq!(who, (0..50).collect::<Vec<_>>());
        }
        assert!(turns[149].due < 3 * INTERVAL && turns[100].due >= 2 * INTERVAL);
    }

    #[test]
    fn one_seed_makes_one_walk() {
        let same = positions(36.0, 8.0).into_iter().zip(positions(36.0, 8.0));
        assert!(same.into_iter().all(|(a, b)| a == b));
    }
}
