use crate::core::point::{DEGREE_E7, StoredFix};

/// The smallest box around points, degrees. Where it reaches over the antimeridian `west` is greater than `east`. Points that
/// reach over both the antimeridian and Greenwich have a box around all of the Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The southernmost latitude.
    pub south: f64,
    /// The westernmost longitude.
    pub west: f64,
    /// The northernmost latitude.
    pub north: f64,
    /// The easternmost longitude.
    pub east: f64,
}

const TURN_E7: i64 = 3_600_000_000;

/// A box in both ways of counting longitudes: from −180° and from 0°. The narrower one is the box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    latitudes: (i64, i64),
    from_antimeridian: (i64, i64),
    from_greenwich: (i64, i64),
}

impl Extent {
    /// Around one point.
    pub(super) fn at(fix: &StoredFix) -> Self {
        let (latitude, longitude) = (i64::from(fix.latitude_e7), i64::from(fix.longitude_e7));
        let eastward = longitude.rem_euclid(TURN_E7);
        Self {
            latitudes: (latitude, latitude),
            from_antimeridian: (longitude, longitude),
            from_greenwich: (eastward, eastward),
        }
    }

    /// Around both.
    pub(super) fn union(self, other: Self) -> Self {
        let both = |a: (i64, i64), b: (i64, i64)| (a.0.min(b.0), a.1.max(b.1));
        Self {
            latitudes: both(self.latitudes, other.latitudes),
            from_antimeridian: both(self.from_antimeridian, other.from_antimeridian),
            from_greenwich: both(self.from_greenwich, other.from_greenwich),
        }
    }

    pub(super) fn bounds(self) -> Bounds {
        let width = |(west, east): (i64, i64)| east - west;
        let is_over_antimeridian = width(self.from_greenwich) < width(self.from_antimeridian);
        let (west, east) =
            if is_over_antimeridian { self.from_greenwich } else { self.from_antimeridian };
        let degrees = |e7: i64| e7 as f64 / DEGREE_E7;
        // Back to what lies west of Greenwich.
        let wrapped = |e7: i64| degrees(if e7 > TURN_E7 / 2 { e7 - TURN_E7 } else { e7 });
        Bounds {
            south: degrees(self.latitudes.0),
            west: wrapped(west),
            north: degrees(self.latitudes.1),
            east: wrapped(east),
        }
    }
}
