//! What we write we read.

use model::{Fix, Version};
use proptest::prelude::*;

use super::*;
use crate::core::point::{Point, StoredFix, Unshown};
use crate::formats::write::{TrackEnd, TrackFormat, TrackWriter};

fn any_point() -> impl Strategy<Value = Point> {
    let value = |max: i32| prop::option::of(0..=max);
    let values =
        (value(10_000_000), value(10_000_000), value(36_000), value(36_000), value(10_000));
    let position = (-900_000_000..=900_000_000, -1_800_000_000..=1_800_000_000);
    let time = -2_208_988_800_000..=253_402_300_799_999i64;
    let device = prop::sample::select(vec!["phone", "A.b_c-9~"]);
    (time, device, 0..=model::limits::SEQ_MAX, position, values, 0..6u8).prop_map(
        |(effective, device, seq, position, (a, b, c, d, e), reason)| {
            let device = DeviceId::parse(device).expect("an id");
            Point {
                version: Version { effective: Timestamp(effective), device, seq },
                fix: StoredFix::from_values(position, [a, b, c, d, e]).expect("in range"),
                received: Timestamp(effective),
                unshown: Unshown::from_number(reason),
            }
        },
    )
}

fn written(format: TrackFormat, user: &UserId, points: &[Point]) -> String {
    let mut writer = TrackWriter::new(format, user.clone());
    let mut out = Vec::new();
    writer.begin(&mut out);
    for point in points {
        writer.point(point, &mut out);
    }
    writer.end(&TrackEnd::default(), &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn expected(user: Option<&UserId>, point: &Point) -> Imported {
    let Version { effective, device, seq } = point.version.clone();
    let fix: Fix = point.fix.fix();
    Imported { user: user.cloned(), device: Some(device), seq: Some(seq), time: effective, fix }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn points_come_back_from_csv_and_gpx(
        points in prop::collection::vec(any_point(), 0..20),
        user in prop::sample::select(vec!["alice", "a,b;<&>", "=1+1|x"]),
    ) {
        let user = UserId::parse(user).expect("an id");
        // Milliseconds of before 1970 in seconds, which could also be milliseconds.
        let points: Vec<_> = points.into_iter().filter(|it| it.effective().0.abs() < 100_000_000_000_000).collect();
        for (format, from, named) in [
            (TrackFormat::Csv, ImportFormat::Csv, Some(&user)), (TrackFormat::Gpx, ImportFormat::Gpx, None),
        ] {
            let (found, skipped) = read(from, &written(format, &user, &points));
            let expected: Vec<_> = points.iter().map(|point| expected(named, point)).collect();
            prop_assert_eq!(found, expected, "{}", format.as_str());
            prop_assert_eq!((skipped.total(), skipped.values), (0, 0));
        }
    }
}
