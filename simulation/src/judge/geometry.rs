use model::Position;

/// Coordinates travel as decimal text; this much (0.1 mm) may get lost.
const SAME_DEGREES: f64 = 1e-9;

/// The haversine on a sphere of the ellipsoid's mean radius, metres.
pub(super) fn on_sphere(from: Position, to: Position) -> f64 {
    const MEAN_RADIUS_M: f64 = 6_371_008.8;
    let (lat1, lat2) = (from.latitude().to_radians(), to.latitude().to_radians());
    let up = ((lat2 - lat1) / 2.0).sin();
    let across = ((to.longitude() - from.longitude()).to_radians() / 2.0).sin();
    let h = up * up + lat1.cos() * lat2.cos() * across * across;
    2.0 * MEAN_RADIUS_M * h.min(1.0).sqrt().asin()
}

/// Whether two positions name one point: every longitude is right at a pole, and −180° is 180°.
pub(super) fn same_place(a: Position, b: Position) -> bool {
    let north = (a.latitude() - b.latitude()).abs() <= SAME_DEGREES;
    let around = (a.longitude() - b.longitude()).abs();
    let east = around <= SAME_DEGREES || 360.0 - around <= SAME_DEGREES;
    north && (east || 90.0 - a.latitude().abs() <= SAME_DEGREES)
}
