mod frozen;

use model::{DeviceId, Fix, Position, Timestamp, Version};
use proptest::prelude::*;

use super::{Bucket, Chunk, ChunkError, encode};
use crate::core::limits::{BUCKET_MS, CHUNK_POINTS_MAX, CHUNK_SPAN_MS_MAX};
use crate::core::point::tests::point;
use crate::core::point::{Point, StoredFix, Unshown};

const LONG_DEVICE: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// A point of anywhere and with anything, or nothing, beside its position.
fn any_point() -> impl Strategy<Value = Point> {
    let value = |max: i32| {
        prop_oneof![Just(None), Just(Some(0)), Just(Some(max)), (0..=max).prop_map(Some)]
    };
    let degrees = |max: i32| prop_oneof![Just(-max), Just(max), Just(0), -max..=max];
    let values =
        (value(10_000_000), value(10_000_000), value(36_000), value(36_000), value(10_000));
    let position = (degrees(900_000_000), degrees(1_800_000_000));
    let seq = prop_oneof![0..5u64, Just(model::limits::SEQ_MAX), Just(u64::MAX), any::<u64>()];
    let received = prop_oneof![any::<i64>(), 0..CHUNK_SPAN_MS_MAX];
    let device = prop::sample::select(vec!["a", "b", "c", "A.Z_0-9~", LONG_DEVICE]);
    (0..=CHUNK_SPAN_MS_MAX, device, seq, received, position, values, 0..9u8).prop_map(
        |(effective, device, seq, received, position, (a, b, c, d, e), reason)| {
            let device = DeviceId::parse(device).expect("an id");
            Point {
                version: Version { effective: Timestamp(effective), device, seq },
                fix: StoredFix::from_values(position, [a, b, c, d, e]).expect("in range"),
                received: Timestamp(received),
                unshown: Unshown::from_number(reason),
            }
        },
    )
}

/// Points moved to where a bucket has room for all of them.
fn moved_by(mut points: Vec<Point>, ms: i64) -> Vec<Point> {
    for point in &mut points {
        point.version.effective = point.version.effective.plus_ms(ms);
    }
    points
}

fn with_checksum(mut content: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&content);
    content.extend_from_slice(&checksum.to_le_bytes());
    content
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_a_chunk_holds_comes_back(
        points in prop::collection::vec(any_point(), 1..=CHUNK_POINTS_MAX),
        bucket in prop_oneof![Just(0i64), Just(6_788), Just(-1), Just(-500_000_000), -10_000..10_000i64],
    ) {
        let chunk = Chunk::new(moved_by(points, bucket * BUCKET_MS)).expect("it fits");
        prop_assert_eq!(chunk.bucket(), Bucket(bucket));
        prop_assert_eq!(Chunk::decode(&chunk.encode()), Ok(chunk));
    }

    #[test]
    fn any_bytes_come_to_a_chunk_or_an_error(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Chunk::decode(&content);
        let with_format = with_checksum([vec![1], content].concat());
        if let Ok(chunk) = Chunk::decode(&with_format) {
            prop_assert_eq!(Chunk::decode(&chunk.encode()), Ok(chunk));
        }
    }

    #[test]
    fn a_chunk_that_is_changed_and_passes_the_checksum_comes_to_a_chunk_or_an_error(
        points in prop::collection::vec(any_point(), 1..=CHUNK_POINTS_MAX),
        flips in prop::collection::vec(any::<prop::sample::Index>(), 1..4), cut in 0..3usize,
    ) {
        let mut bytes = encode::encode(Chunk::new(points).expect("it fits").points());
        bytes.truncate(bytes.len() - 4 - cut);
        let bits = bytes.len() * 8 - 8;
        for flip in flips {
            let bit = 8 + flip.index(bits);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if let Ok(chunk) = Chunk::decode(&with_checksum(bytes)) {
            prop_assert!((1..=CHUNK_POINTS_MAX).contains(&chunk.points().len()));
            prop_assert_eq!(Chunk::decode(&chunk.encode()), Ok(chunk));
        }
    }

    #[test]
    fn a_flipped_bit_is_found(points in prop::collection::vec(any_point(), 1..10), flip in any::<prop::sample::Index>()) {
        let mut bytes = Chunk::new(points).expect("it fits").encode();
        let bit = flip.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = if bit < 8 { ChunkError::Format(bytes[0]) } else { ChunkError::Checksum };
        prop_assert_eq!(Chunk::decode(&bytes), Err(error));
    }
}

#[test]
fn years_poles_and_meridians_come_back() {
    let year_2099 = 4_102_444_799_000;
    for effective in [0, -1, 1, year_2099, i64::MIN, i64::MAX, 253_402_300_799_999] {
        for (latitude, longitude) in
            [(90.0, 180.0), (-90.0, -180.0), (0.0, 0.0), (-0.0, 179.999_999_9)]
        {
            let fix = Fix::at(Position::new(latitude, longitude).expect("on Earth"));
            for seq in [0, model::limits::SEQ_MAX, u64::MAX] {
                let version = Version { seq, ..point(effective, "phone", 0, 0).version };
                let alone = Point::new(version, &fix, Timestamp(i64::MIN), None);
                let chunk = Chunk::new(vec![alone.clone()]).expect("one always fits");
                let back = Chunk::decode(&chunk.encode()).expect("a chunk").into_points();
                assert_eq!(back[0].fix.fix(), fix);
                assert_eq!(back, [alone]);
            }
        }
    }
}

#[test]
fn sixty_devices_with_the_longest_ids_share_a_chunk() {
    let points = (0..CHUNK_POINTS_MAX).map(|at| point(5, &format!("{at:0>64}"), at as u64, 9));
    let chunk = Chunk::new(points.collect()).expect("it fits");
    let bytes = chunk.encode();
    assert!(bytes.len() < 5_000, "{}", bytes.len());
    assert_eq!(Chunk::decode(&bytes), Ok(chunk));
}

#[test]
fn what_does_not_fit_is_no_chunk() {
    let at = |effective| point(effective, "a", 1, 0);
    assert_eq!(Chunk::new(Vec::new()), None);
    assert!(Chunk::new(vec![at(0), at(CHUNK_SPAN_MS_MAX)]).is_some());
    assert_eq!(Chunk::new(vec![at(0), at(CHUNK_SPAN_MS_MAX + 1)]), None);
    assert_eq!(Chunk::new(vec![at(BUCKET_MS - 1), at(BUCKET_MS)]), None, "two buckets");
    assert_eq!(Chunk::new(vec![at(-1), at(0)]), None, "two buckets");
    let many = |count: i64| Chunk::new((0..count).map(at).collect());
    assert!(many(60).is_some());
    assert_eq!(many(61), None);
    let same = Chunk::new(vec![at(0); 100]).expect("each version counts once");
    assert_eq!(same.points().len(), 1);
}

#[test]
fn points_out_of_order_are_refused() {
    let (a, b) = (point(1, "a", 1, 0), point(2, "a", 2, 0));
    for points in [vec![b.clone(), a.clone()], vec![a.clone(), a]] {
        assert_eq!(Chunk::decode(&encode::encode(&points)), Err(ChunkError::Malformed));
    }
}
