use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};
use model::{Metres, Position};
use proptest::prelude::*;

use super::*;
use crate::core::geo::cell::Code;

fn position(lat: f64, lon: f64) -> Position {
    Position::new(lat.clamp(-90.0, 90.0), (lon + 540.0).rem_euclid(360.0) - 180.0)
        .expect("on Earth")
}

fn circle(lat: f64, lon: f64, metres: f64) -> Circle {
    Circle::new(position(lat, lon), Millimetres::new(Metres(metres)))
}

fn holds(ranges: &[Range], position: Position) -> bool {
    let code = Code::new(position);
    ranges.iter().any(|range| range.contains(code))
}

fn latitudes() -> impl Strategy<Value = f64> {
    prop_oneof![-90.0..=90.0f64, Just(90.0), Just(-90.0), Just(0.0), 89.9..90.0f64, -0.1..0.1f64]
}

fn longitudes() -> impl Strategy<Value = f64> {
    prop_oneof![
        -180.0..=180.0f64,
        Just(180.0),
        Just(-180.0),
        Just(0.0),
        179.9..180.0f64,
        -0.1..0.1f64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_point_within_the_radius_is_covered(
        lat in latitudes(), lon in longitudes(), azimuth in 0.0..360.0f64,
        exponent in 0.0..7.3f64, part in prop_oneof![0.0..=1.0f64, Just(1.0)],
    ) {
        let radius = 10f64.powf(exponent);
        let circle = circle(lat, lon, radius);
        let (lat2, lon2, _) = Geodesic::wgs84().direct(lat, lon, azimuth, radius * part);
        let there = position(lat2, lon2);
        let distance = circle.distance(there);
        // Around the world our distances err by up to a hundredth: what counts is what we call within.
        prop_assume!(distance <= circle.radius());
        let ranges = cover(&circle, Millimetres(0));
        prop_assert!(ranges.len() <= RANGES_MAX);
        prop_assert!(ranges.is_sorted() && ranges.windows(2).all(|two| two[0].last < two[1].first));
        prop_assert!(holds(&ranges, there));
        // And those that aren't nearer than what was seen already.
        prop_assert!(holds(&cover(&circle, distance), there));
        let SplitCover { inner, rim } = parts(&circle);
        prop_assert!(holds(&inner, there) != holds(&rim, there));
    }

    #[test]
    fn every_point_of_the_inner_part_is_within_the_radius(
        lat in latitudes(), lon in longitudes(), azimuth in 0.0..360.0f64,
        exponent in 1.0..7.3f64, part in 0.9..=1.1f64,
    ) {
        let radius = 10f64.powf(exponent);
        let circle = circle(lat, lon, radius);
        let (lat2, lon2, _) = Geodesic::wgs84().direct(lat, lon, azimuth, radius * part);
        let there = position(lat2, lon2);
        prop_assert!(!holds(&parts(&circle).inner, there) || circle.distance(there) <= circle.radius());
    }
}

/// Square kilometres of the cells, against those of the circle.
fn waste(ranges: &[Range], radius_m: f64, latitude: f64) -> f64 {
    let codes: u64 = ranges.iter().map(|r| (r.last.integer() - r.first.integer() + 1) as u64).sum();
    let degrees2 = codes as f64 / (1_u64 << CODE_BITS) as f64 * 360.0 * 180.0;
    let m2 = degrees2 * 111_195.0 * 111_195.0 * latitude.to_radians().cos();
    m2 / (std::f64::consts::PI * radius_m * radius_m)
}

#[test]
fn a_cover_is_not_much_larger_than_its_circle() {
    let mut worst: f64 = 0.0;
    let (mut sum, mut count) = (0.0, 0.0);
    for n in 0..400 {
        let (lat, lon) = (f64::from(n % 20) * 3.7 - 35.1, f64::from(n) * 0.913 - 179.0);
        for radius_m in [20.0, 250.0, 5_000.0, 20_000.0] {
            let found = waste(&cover(&circle(lat, lon, radius_m), Millimetres(0)), radius_m, lat);
            worst = worst.max(found);
            (sum, count) = (sum + found, count + 1.0);
        }
    }
    eprintln!("{worst} {}", sum / count);
    assert!(worst < 3.5 && sum / count < 1.8, "{worst} {}", sum / count);
}

#[test]
fn a_ring_leaves_out_what_is_nearer() {
    let whole = circle(36.12, -115.17, 20_000.0);
    let ring = cover(&whole, Millimetres(15_000_000));
    let (found, all) =
        (waste(&ring, 20_000.0, 36.12), waste(&cover(&whole, Millimetres(0)), 20_000.0, 36.12));
    assert!(found < 0.8 * all, "{found} of {all}");
    assert!(!holds(&ring, whole.centre()));
}

#[test]
fn a_circle_around_the_world_is_one_range() {
    assert_eq!(cover(&circle(10.0, 20.0, 30_000_000.0), Millimetres(0)).len(), 1);
    let karney = Geodesic::wgs84();
    let far: f64 = karney.inverse(0.0, 0.0, 0.0, 180.0);
    let whole = parts(&circle(0.0, 0.0, far));
    assert!(!whole.inner.is_empty() && !whole.rim.is_empty());
}
