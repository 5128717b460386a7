use model::Position;

/// Steps in a metre: with these the Earth fits into 32 bits.
const STEPS_PER_M: f64 = 256.0;
/// How much farther two points of the grid may seem than one of them is from a position near the other: half a step on
/// each axis, and as much again for rounding.
const SLACK: f64 = 2.0;

/// What distances lose by being told in whole millimetres, and a little more.
const ROUNDING_M: f64 = 0.001;
/// The smallest radius of curvature of the ellipsoid, metres, and a little less: with it arcs are the longest.
const RADIUS_M_MIN: f64 = 6_335_000.0;

/// Semi-axes of the WGS84 ellipsoid in metres.
const A: f64 = 6_378_137.0;
const B: f64 = 6_356_752.314_245_179;
const E2: f64 = 1.0 - (B * B) / (A * A);

/// A position in Earth-centred coordinates, rounded to steps: enough to tell what needn't be looked at closely. What is
/// looked at closely is measured by [`model::distance`].
pub(crate) type Point = [i32; 3];

/// The point of the grid next to a position.
pub(crate) fn point(position: Position) -> Point {
    let (sin_lat, cos_lat) = position.latitude().to_radians().sin_cos();
    let (sin_lon, cos_lon) = position.longitude().to_radians().sin_cos();
    let n = A / (1.0 - E2 * sin_lat * sin_lat).sqrt() * STEPS_PER_M;
    let metres = [n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1.0 - E2) * sin_lat];
    metres.map(|steps| steps.round() as i32)
}

/// The square of the distance through the Earth, in steps.
pub(crate) fn chord2(one: Point, other: Point) -> f64 {
    let off = |axis: usize| (i64::from(one[axis]) - i64::from(other[axis])) as f64;
    let (x, y, z) = (off(0), off(1), off(2));
    x * x + y * y + z * z
}

/// The square, in steps, of what a chord is at most whose arc is that long: a chord is never longer than its arc.
pub(crate) fn chord2_max(arc_m: f64) -> f64 {
    let steps = (arc_m + ROUNDING_M) * STEPS_PER_M + SLACK;
    steps * steps
}

/// The square, in steps, of a chord all of whose arcs are shorter than that; 0 if there is none.
pub(crate) fn chord2_surely(arc_m: f64) -> f64 {
    let arc_m = (arc_m - ROUNDING_M).max(0.0);
    let steps = 2.0 * RADIUS_M_MIN * (arc_m / (2.0 * RADIUS_M_MIN)).sin() * STEPS_PER_M - SLACK;
    steps.max(0.0) * steps.max(0.0)
}

/// The square, in steps, of a chord beyond which everything is farther, in whole millimetres, than what has this chord,
/// of which the square is given. Of chords up to 200 km.
pub(crate) fn chord2_beyond(chord2: f64) -> f64 {
    let chord_m = (chord2.sqrt() + SLACK) / STEPS_PER_M;
    let half = chord_m / (2.0 * RADIUS_M_MIN);
    // The series of the arc sine; what is left out is less than a hundredth of the second term.
    let arc_m = chord_m * (1.0 + half * half * (1.01 / 6.0));
    chord2_max(arc_m + ROUNDING_M)
}
