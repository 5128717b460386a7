use model::{Ecef, distance_to_line};
use proptest::prelude::*;

use super::*;
use crate::core::limits::SIMPLIFY_WINDOW_POINTS;
use crate::core::point::tests::point;

/// A walk by steps of so many 1e-7 degrees, a point a second.
fn walk(start: (i32, i32), steps: &[(i32, i32)]) -> Vec<Point> {
    let (mut latitude, mut longitude) = start;
    let points = steps.iter().zip(0..).map(|((north, east), second)| {
        latitude = (latitude + north).clamp(-899_000_000, 899_000_000);
        longitude += east;
        // Over the antimeridian.
        if longitude > 1_800_000_000 {
            longitude -= 1_800_000_000;
            longitude -= 1_800_000_000;
        }
        let mut point = point(second * 1_000, "a", 1, 0);
        (point.fix.latitude_e7, point.fix.longitude_e7) = (latitude, longitude);
        point
    });
    points.collect()
}

fn simplified(mut simplifier: Simplifier, track: &[Point]) -> (Vec<Point>, Option<Metres>) {
    let mut kept = Vec::new();
    for point in track {
        simplifier.push(point.clone(), &mut kept);
    }
    let tolerance = simplifier.finish(&mut kept);
    (kept, tolerance)
}

/// The farthest that a point of the track lies from the line between those around it that were kept, metres.
fn farthest_m(track: &[Point], kept: &[Point]) -> f64 {
    let ecef = |point: &Point| Ecef::from(point.fix.position());
    let (mut farthest, mut at) = (0.0_f64, 0);
    for point in track {
        while at + 2 < kept.len() && kept[at + 1].version < point.version {
            at += 1;
        }
        if kept.contains(point) {
            continue;
        }
        let (from, to) = (ecef(&kept[at]), ecef(&kept[at + 1]));
        farthest = farthest.max(distance_to_line(ecef(point), from, to).0);
    }
    farthest
}

fn any_walk() -> impl Strategy<Value = Vec<Point>> {
    let step = prop_oneof![
        8 => (-3_000..3_000i32, -2_000..4_000i32), 4 => Just((0, 0)), 4 => Just((1_000, 1_000)), 1 => (-90_000..90_000i32, -90_000..90_000i32),
    ];
    let start = prop::sample::select(vec![
        (373_908_490, -1_220_862_800),
        (0, 1_799_900_000),
        (600_000_000, 0),
    ]);
    (start, prop::collection::vec(step, 0..1_300)).prop_map(|(start, steps)| walk(start, &steps))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_point_that_is_left_out_is_farther_than_promised(
        track in any_walk(), tolerance_m in prop_oneof![Just(0.0), 0.5..500.0f64],
        points_max in prop::option::of(prop_oneof![2..20usize, 20..2_000usize]),
    ) {
        let within = Resolution::Within(Metres(tolerance_m));
        let (kept, tolerance) = simplified(Simplifier::new(Some(within), points_max), &track);
        prop_assert!(kept.is_sorted_by(|a, b| a.version < b.version));
        prop_assert!(kept.iter().all(|point| track.contains(point)));
        prop_assert_eq!((kept.first(), kept.last()), (track.first(), track.last()));
        prop_assert!(kept.len() <= points_max.unwrap_or(usize::MAX));
        let promised_m = tolerance.map_or(0.0, |metres| metres.0);
        prop_assert!(points_max.is_some() || (promised_m - tolerance_m).abs() < f64::EPSILON);
        // Lines of which one was simplified into another are straight on a plane, and nearly so on the Earth.
        let allowed_m = if points_max.is_some() { promised_m * 1.001 + 0.01 } else { promised_m };
        let farthest_m = farthest_m(&track, &kept);
        prop_assert!(farthest_m <= allowed_m, "{farthest_m} m beyond {promised_m} m");
    }

    #[test]
    fn points_are_so_far_apart_in_time_as_was_asked(track in any_walk(), ms in 1..60_000i64) {
        let (kept, _) = simplified(Simplifier::new(Some(Resolution::Every(ms)), None), &track);
        prop_assert_eq!((kept.first(), kept.last()), (track.first(), track.last()));
        let times: Vec<_> = kept.iter().map(|point| point.effective().0).collect();
        let inner = &times[..times.len().saturating_sub(1)];
        prop_assert!(inner.windows(2).all(|pair| pair[1] - pair[0] >= ms));
        let mut backwards = track;
        backwards.reverse();
        let (kept, _) = simplified(Simplifier::new(Some(Resolution::Every(ms)), None), &backwards);
        prop_assert_eq!(kept.len(), times.len());
    }
}

#[test]
fn a_straight_way_needs_two_points_and_the_ends_of_windows() {
    let track = walk((373_908_490, -1_220_862_800), &[(900, 0); 3 * SIMPLIFY_WINDOW_POINTS]);
    let within = Some(Resolution::Within(Metres(1.0)));
    let (kept, _) = simplified(Simplifier::new(within, None), &track);
    assert_eq!(kept.len(), 5);
    let (few, tolerance) = simplified(Simplifier::new(within, Some(2)), &track);
    assert_eq!((few.len(), tolerance.is_some()), (2, true));
}

#[test]
fn a_track_that_turns_at_every_point_is_bounded_in_work_and_memory() {
    // Nothing can be left out: each window is looked at as often as it is long.
    let zigzag: Vec<_> =
        (0..20_000).map(|at| if at % 2 == 0 { (50_000, 100) } else { (-50_000, 100) }).collect();
    let track = walk((0, 0), &zigzag);
    let mut simplifier = Simplifier::new(Some(Resolution::Within(Metres(1.0))), None);
    let mut kept = Vec::new();
    for (point, at) in track.iter().zip(1..) {
        simplifier.push(point.clone(), &mut kept);
        assert!(at - kept.len() <= SIMPLIFY_WINDOW_POINTS);
    }
    simplifier.finish(&mut kept);
    assert_eq!(kept, track);
}

#[test]
fn nothing_asked_keeps_all() {
    let track = walk((0, 0), &[(1, 1); 10]);
    assert_eq!(simplified(Simplifier::new(None, None), &track), (track, None));
    assert_eq!(simplified(Simplifier::new(None, Some(5)), &[]).0, []);
}
