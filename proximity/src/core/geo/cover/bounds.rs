use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::core::geo::cell::CODE_BITS;
use crate::core::geo::circle::{Circle, Millimetres};

/// The mean radius of the Earth, metres.
const RADIUS_M: f64 = 6_371_008.8;
/// How much a distance on the ellipsoid and on the sphere may differ: the ellipsoid's radii of curvature are from 6,335 to
/// 6,400 km.
const WIDEN: f64 = 1.006;
/// The same for circles that reach around the world, whose distances are only worked out to a hundredth.
const WIDEN_FAR: f64 = 1.03;
const FAR_M: f64 = 500_000.0;
/// For what floating point makes of small angles, metres.
const SLACK_M: f64 = 1.0;
/// The most cells to begin with.
const FIRST_CELLS_MAX: i64 = 4;

/// Where a cell lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// No point of it can be wanted.
    Outside,
    /// Every point of it is wanted.
    Inside,
    /// Some may be.
    Rim,
}

/// What is wanted of the sphere: the angles are in radians.
pub(super) struct Bounds {
    latitude: f64,
    sin: f64,
    cos: f64,
    /// −π … π, without π.
    longitude: f64,
    /// No wanted point is farther.
    reach: f64,
    /// Every point nearer than this is in the circle.
    surely: f64,
    /// Points nearer than this needn't be found; negative if all have to be.
    beyond: f64,
}

impl Bounds {
    pub(super) fn new(circle: &Circle, beyond: Millimetres) -> Self {
        let centre = circle.centre();
        let radius = circle.radius().metres();
        let widen = if radius > FAR_M { WIDEN_FAR } else { WIDEN };
        let narrow = |metres: f64| (metres / widen - SLACK_M) / RADIUS_M;
        let longitude = if centre.longitude() >= 180.0 { -180.0 } else { centre.longitude() };
        let latitude = centre.latitude().to_radians();
        Self {
            latitude,
            sin: latitude.sin(),
            cos: latitude.cos(),
            longitude: longitude.to_radians(),
            reach: (radius * widen + SLACK_M) / RADIUS_M,
            surely: narrow(radius),
            beyond: narrow(beyond.metres()),
        }
    }

    /// The smallest cells of which a few hold all.
    pub(super) fn first_bits(&self) -> u32 {
        let count = |bits: u32| {
            let ((x_first, x_last), (y_first, y_last)) = self.first_span(bits);
            (x_last - x_first + 1) * (y_last - y_first + 1)
        };
        (1..=CODE_BITS).find(|bits| count(*bits) > FIRST_CELLS_MAX).unwrap_or(CODE_BITS + 1) - 1
    }

    pub(super) fn first_cells(&self, bits: u32) -> impl Iterator<Item = (u32, u32)> {
        let ((x_first, x_last), (y_first, y_last)) = self.first_span(bits);
        let columns = 1_i64 << bits.div_ceil(2);
        (x_first..=x_last).flat_map(move |x| {
            (y_first..=y_last).map(move |y| (x.rem_euclid(columns) as u32, y as u32))
        })
    }

    /// Columns and rows that a rectangle around all touches; columns may go on around the world.
    fn first_span(&self, bits: u32) -> ((i64, i64), (i64, i64)) {
        let (columns, rows) = (1_i64 << bits.div_ceil(2), 1_i64 << (bits / 2));
        let row = |latitude: f64| {
            (((latitude + FRAC_PI_2) / PI * rows as f64).floor() as i64).clamp(0, rows - 1)
        };
        let column = |longitude: f64| ((longitude + PI) / TAU * columns as f64).floor() as i64;
        let y = (row(self.latitude - self.reach), row(self.latitude + self.reach));
        let around_a_pole = self.latitude.abs() + self.reach >= FRAC_PI_2;
        let x = if around_a_pole {
            (0, columns - 1)
        } else {
            let half = (self.reach.sin() / self.cos).min(1.0).asin();
            let (first, last) = (column(self.longitude - half), column(self.longitude + half));
            (first, last.min(first + columns - 1))
        };
        (x, y)
    }

    /// Where the cell in column `x` and row `y` lies.
    pub(super) fn side(&self, x: u32, y: u32, bits: u32) -> Side {
        let (width, height) =
            (TAU / (1_u64 << bits.div_ceil(2)) as f64, PI / (1_u64 << (bits / 2)) as f64);
        let south = f64::from(y) * height - FRAC_PI_2;
        let west = f64::from(x) * width - PI;
        let (south, north) = (south, (south + height).min(FRAC_PI_2));
        let (near, far) = self.longitudes(west, width);
        if self.nearest(near, south, north) > self.reach {
            return Side::Outside;
        }
        let farthest = self.farthest(far, south, north);
        if farthest < self.beyond {
            Side::Outside
        } else if farthest < self.surely && self.beyond < 0.0 {
            Side::Inside
        } else {
            Side::Rim
        }
    }

    /// By how much longitude the cell's nearest and farthest meridians are off, 0 … π.
    fn longitudes(&self, west: f64, width: f64) -> (f64, f64) {
        let from_west = (self.longitude - west).rem_euclid(TAU);
        if width >= TAU {
            return (0.0, PI);
        }
        let off = |angle: f64| angle.min(TAU - angle);
        let (to_west, to_east) = (off(from_west), off((from_west - width).rem_euclid(TAU)));
        let near = if from_west <= width { 0.0 } else { to_west.min(to_east) };
        let opposite = (from_west + PI).rem_euclid(TAU);
        let far = if opposite <= width { PI } else { to_west.max(to_east) };
        (near, far)
    }

    /// The smallest angle to a piece of a meridian that is off by `longitude`. Nothing of a cell is nearer than its nearest
    /// meridian, since along a parallel the way gets longer with the longitude between.
    fn nearest(&self, longitude: f64, south: f64, north: f64) -> f64 {
        let foot = self.foot(longitude);
        if (south..=north).contains(&foot) {
            return self.angle(longitude, foot);
        }
        self.angle(longitude, south).min(self.angle(longitude, north))
    }

    /// The largest angle to the same.
    fn farthest(&self, longitude: f64, south: f64, north: f64) -> f64 {
        let foot = self.foot(longitude);
        let opposite = if foot > 0.0 { foot - PI } else { foot + PI };
        if (south..=north).contains(&opposite) {
            return PI - self.angle(longitude, foot);
        }
        self.angle(longitude, south).max(self.angle(longitude, north))
    }

    /// The latitude, perhaps beyond a pole, at which the meridian is nearest.
    fn foot(&self, longitude: f64) -> f64 {
        self.sin.atan2(self.cos * longitude.cos())
    }

    fn angle(&self, longitude: f64, latitude: f64) -> f64 {
        let (sin, cos) = latitude.sin_cos();
        (self.sin * sin + self.cos * cos * longitude.cos()).clamp(-1.0, 1.0).acos()
    }
}
