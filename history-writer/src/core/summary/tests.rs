use proptest::prelude::*;

use super::*;
use crate::core::point::tests::point;

/// A point so many seconds after the start, degrees north and east.
fn at(second: i64, latitude: f64, longitude: f64) -> Point {
    let mut point = point(second * 1_000, "a", 1, 0);
    point.fix.latitude_e7 = (latitude * 1e7).round() as i32;
    point.fix.longitude_e7 = (longitude * 1e7).round() as i32;
    point
}

fn built(points: &[Point]) -> SummaryBuilder {
    let mut summary = SummaryBuilder::new();
    for point in points {
        summary.add(point);
    }
    summary
}

fn summary(points: &[Point]) -> Summary {
    built(points).finish()
}

/// Due north at 1.4 m/s, a point a second.
fn walk(seconds: i64) -> Vec<Point> {
    (0..=seconds).map(|second| at(second, 45.0 + second as f64 * 1.4 / 111_131.8, 7.0)).collect()
}

#[test]
fn a_walk_has_its_length_and_its_time() {
    let walked = summary(&walk(3_600));
    assert_eq!((walked.points, walked.times), (3_601, Some((Timestamp(0), Timestamp(3_600_000)))));
    assert!((walked.distance_m - 5_040.0).abs() < 25.0, "{}", walked.distance_m);
    assert!((walked.moving_ms - 3_600_000).abs() < 20_000, "{}", walked.moving_ms);
    assert!(walked.speed_mean_mps.is_some_and(|mps| (mps - 1.4).abs() < 0.02));
    assert!(walked.speed_max_mps.is_some_and(|mps| (mps - 1.4).abs() < 0.02));
}

#[test]
fn a_phone_that_lies_around_goes_nowhere() {
    let noise =
        (0..1_000).map(|second| at(second, 45.0 + f64::from(second as i32 % 7) * 2e-5, 7.0));
    let lying = summary(&noise.collect::<Vec<_>>());
    assert!(lying.distance_m < 1e-9 && lying.moving_ms == 0);
    assert_eq!((lying.speed_mean_mps, lying.speed_max_mps), (None, None));
    assert_eq!(summary(&[]).bounds, None);
}

#[test]
fn who_stands_for_an_hour_did_not_move_for_it() {
    let mut points = walk(600);
    let (last, later) = (points[600].clone(), 600 + 3_600);
    points.push(Point { version: at(later - 1, 0.0, 0.0).version, ..last.clone() });
    points.push(at(later, 45.0 + 640.0 * 1.4 / 111_131.8, 7.0));
    let summary = summary(&points);
    assert!(summary.moving_ms < 610_000, "{}", summary.moving_ms);
    assert!((summary.distance_m - 640.0 * 1.4).abs() < 25.0, "{}", summary.distance_m);
}

#[test]
fn uncertain_fixes_and_jumps_do_not_count() {
    let mut points = walk(100);
    let mut uncertain = at(50, 46.0, 8.0);
    uncertain.fix.accuracy_cm = Some(ACCURACY_CM_MAX + 1);
    points.insert(50, uncertain);
    let with = summary(&points);
    assert!((with.distance_m - summary(&walk(100)).distance_m).abs() < 1e-9);
    assert_eq!(with.points, 102);
    let jump = summary(&[at(0, 45.0, 7.0), at(1, 46.0, 7.0)]);
    assert_eq!(jump.speed_max_mps, None, "111 km in a second");
}

#[test]
fn the_phones_own_speed_counts_where_it_tells_one() {
    let mut points = walk(60);
    points[30].fix.speed_cmps = Some(321);
    assert_eq!(summary(&points).speed_max_mps, Some(3.21));
}

#[test]
fn boxes_reach_over_the_antimeridian() {
    for (longitudes, west, east) in [
        (&[179.5, -179.5, 179.9][..], 179.5, -179.5),
        (&[-0.5, 0.5], -0.5, 0.5),
        (&[10.0, 20.0], 10.0, 20.0),
        (&[-20.0, -10.0], -20.0, -10.0),
        (&[180.0], 180.0, 180.0),
        (&[-180.0, -179.0], -180.0, -179.0),
    ] {
        let points: Vec<_> = longitudes.iter().map(|longitude| at(0, -5.0, *longitude)).collect();
        let bounds = summary(&points).bounds.expect("a box");
        assert_eq!((bounds.west, bounds.east), (west, east), "{longitudes:?}");
        assert_eq!((bounds.south, bounds.north), (-5.0, -5.0));
    }
}

proptest! {
    #[test]
    fn stretches_come_to_what_their_points_do(
        steps in prop::collection::vec((1..60i64, 0.0..3e-4f64, -2e-4..2e-4f64), 0..300), cuts in prop::collection::vec(0..300usize, 0..4),
    ) {
        let (mut second, mut latitude, mut longitude) = (0, 10.0, 179.99);
        let points: Vec<_> = steps.iter().map(|(seconds, north, east)| {
            second += seconds;
            latitude += north;
            longitude += east;
            at(second, latitude, if longitude > 180.0 { longitude - 360.0 } else { longitude })
        }).collect();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(points.len())).collect();
        cuts.extend([0, points.len()]);
        cuts.sort_unstable();
        let stretches = cuts.windows(2).map(|cut| built(&points[cut[0]..cut[1]]));
        let merged = stretches.fold(SummaryBuilder::new(), |all, next| all.followed_by(&next)).finish();
        let whole = summary(&points);
        prop_assert_eq!((merged.points, merged.times, merged.bounds), (whole.points, whole.times, whole.bounds));
        let allowed_m = (cuts.len() - 1) as f64 * JITTER_M + 0.05 * whole.distance_m;
        prop_assert!((merged.distance_m - whole.distance_m).abs() <= allowed_m);
    }
}
