//! Files that aren't what was written: what is lost is as little as can be, and the rest is read.

use std::fs;

use model::Timestamp;
use proptest::prelude::*;
use segment_log::{FileFormat, HEADER_BYTES, header};

use super::world::{NOW, POINTS, World, append, numbers, read, read_all, run, write};
use crate::log::embedded::{EmbeddedLog, FORMAT};
use crate::{LogError, LogReader as _};

const BATCHES: u64 = 30;
const ALL: u64 = BATCHES * POINTS;

/// What is read of a damaged log, at the start and later, and after it went on.
async fn read_damaged(world: &World) -> Vec<u64> {
    let log = world.open().await.expect("opens");
    let left = numbers(&read_all(&log).await);
    append(&log, BATCHES, BATCHES + 3).await;
    let more: Vec<_> = (ALL..ALL + 3 * POINTS).collect();
    check(&log, &[&left[..], &more].concat()).await;
    drop(log);
    check(&world.open().await.expect("opens"), &[&left[..], &more].concat()).await;
    left
}

async fn check(log: &EmbeddedLog, expected: &[u64]) {
    assert_eq!(numbers(&read_all(log).await), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A process that dies in the middle of a write leaves a part of it.
    #[test]
    fn a_torn_end_is_cut_off_and_the_log_goes_on(cut in any::<prop::sample::Index>()) {
        run(async {
            let world = World::filled(BATCHES).await;
            let path = world.segments().pop().expect("a segment");
            let bytes = read(&path);
            write(&path, &bytes[..cut.index(bytes.len())]);
            let left = read_damaged(&world).await;
            assert!(left.iter().copied().eq(0..left.len() as u64));
        });
    }

    #[test]
    fn a_flipped_bit_costs_one_frame(
        bit in any::<prop::sample::Index>(),
        segment in any::<prop::sample::Index>(),
    ) {
        run(async {
            let world = World::filled(BATCHES).await;
            let path = segment.get(&world.segments()).clone();
            let mut bytes = read(&path);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            write(&path, &bytes);
            let left = read_damaged(&world).await;
            let lost = ALL as usize - left.len();
            // A header isn't needed to read what is behind it.
            let expected = if bit / 8 < HEADER_BYTES { 0 } else { POINTS as usize };
            assert_eq!(lost, expected);
        });
    }

    #[test]
    fn a_segment_that_is_cut_short_costs_what_is_cut(
        cut in any::<prop::sample::Index>(),
        segment in any::<prop::sample::Index>(),
    ) {
        run(async {
            let world = World::filled(BATCHES).await;
            let segments = world.segments();
            let (path, others) = segments.split_last().map(|(_, others)| {
                (segment.get(others).clone(), others.len())
            }).expect("segments");
            let bytes = read(&path);
            let cut = cut.index(bytes.len());
            write(&path, &bytes[..cut]);
            let left = read_damaged(&world).await;
            assert!(left.len() as u64 >= ALL - ALL / others as u64 * 2);
            assert_eq!(left.last(), Some(&(ALL - 1)), "the segments behind it are read");
        });
    }

    #[test]
    fn bytes_behind_the_end_are_cut_off(more in prop::collection::vec(any::<u8>(), 1..300)) {
        run(async {
            let world = World::filled(BATCHES).await;
            let path = world.segments().pop().expect("a segment");
            write(&path, &[read(&path), more].concat());
            assert_eq!(read_damaged(&world).await.len() as u64, ALL);
        });
    }
}

#[tokio::test]
async fn a_missing_segment_costs_its_points() {
    let world = World::filled(BATCHES).await;
    let segments = world.segments();
    let [_, missing, _, ..] = &segments[..] else { panic!("more segments") };
    fs::remove_file(missing).expect("removed");
    let left = read_damaged(&world).await;
    assert!(left.len() as u64 > ALL / 2 && (left.len() as u64) < ALL);
    assert_eq!((left.first(), left.last()), (Some(&0), Some(&(ALL - 1))));
}

/// When the points were received of which a log says that they are lost, in seconds since the beginning.
fn lost(log: &EmbeddedLog) -> Vec<(i64, i64)> {
    let second = |at: Timestamp| (at.0 - NOW).div_euclid(1_000);
    log.take_lost().iter().map(|it| (second(it.from), second(it.to))).collect()
}

#[tokio::test]
async fn when_lost_points_were_received_is_told_once_by_their_neighbours() {
    let world = World::filled(BATCHES).await;
    let (firsts, segments) =
        (segment_log::segments(&world.folder()).expect("a folder"), world.segments());
    // A point a second, of which a segment has the name of the first.
    let second = |segment: usize| firsts[segment] as i64 - 1;
    fs::remove_file(&segments[2]).expect("removed");
    write(&segments[0], &read(&segments[0])[..HEADER_BYTES]);
    let log = world.open().await.expect("opens");
    let day = 24 * 60 * 60;
    let expected = [(second(1) - day, second(1)), (second(2) - POINTS as i64, second(3))];
    assert_eq!(lost(&log), expected);
    assert_eq!(lost(&log), []);
}

#[tokio::test]
async fn a_segment_that_is_there_twice_is_read_once() {
    let world = World::filled(BATCHES).await;
    let segments = world.segments();
    fs::copy(&segments[0], &segments[1]).expect("copied");
    let left = read_damaged(&world).await;
    assert!(left.len() as u64 > ALL / 2 && (left.len() as u64) < ALL);
}

#[tokio::test]
async fn damage_while_it_is_open_costs_one_frame() {
    let world = World::filled(BATCHES).await;
    let log = world.open().await.expect("opens");
    let path = world.segments().remove(1);
    let mut bytes = read(&path);
    bytes[HEADER_BYTES + 30] ^= 1;
    write(&path, &bytes);
    assert_eq!(numbers(&read_all(&log).await).len() as u64, ALL - POINTS);
    append(&log, BATCHES, BATCHES + 1).await;
    assert_eq!(numbers(&read_all(&log).await).len() as u64, ALL);
}

#[tokio::test]
async fn a_newer_version_is_told() {
    let world = World::filled(1).await;
    let path = world.segments().remove(0);
    let mut bytes = read(&path);
    let newer = FileFormat { version: FORMAT.version + 1, ..FORMAT };
    bytes[..HEADER_BYTES].copy_from_slice(&header(newer, 1));
    write(&path, &bytes);
    let error = world.open().await.expect_err("newer");
    assert!(matches!(error, LogError::Unusable(_)) && error.to_string().contains('2'), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_not_ours_is_told() {
    let world = World::new();
    fs::write(world.folder(), "a file").expect("written");
    let error = world.open().await.expect_err("no folder");
    assert!(matches!(error, LogError::Unusable(_)), "{error}");
}
