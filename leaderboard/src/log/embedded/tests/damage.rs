//! Files that aren't what was written: an end that is torn is cut off, all else is told.

use std::fs;
use std::path::Path;

use model::SeededRandom;
use proptest::prelude::*;
use segment_log::{FileFormat, HEADER_BYTES, header};

use super::world::{World, batch, read, state_of, write};
use crate::log::embedded::segments::FORMAT;
use crate::{Log, StoreErrorKind};

const BATCHES: u64 = 30;

/// A runtime for a test of proptest, which is no task.
pub(super) fn run<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(task)
}

/// What opening says, which must name the file and what to do.
pub(super) async fn refused(world: &World, path: &Path) -> StoreErrorKind {
    let error = world.open().await.expect_err("damaged");
    let text = error.to_string();
    assert!(text.contains(&*path.to_string_lossy()) && text.contains("backup"), "{text}");
    error.kind()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A process that dies in the middle of a write leaves a part of it.
    #[test]
    fn a_torn_end_is_cut_off_and_the_log_goes_on(cut in any::<prop::sample::Index>()) {
        run(async {
            let (world, states) = World::filled(BATCHES).await;
            let path = world.segments().pop().expect("a segment");
            let bytes = read(&path);
            let cut = cut.index(bytes.len());
            write(&path, &bytes[..cut]);
            let log = world.open().await.expect("opens");
            let state = state_of(&log);
            let kept = states.iter().position(|it| *it == state).expect("some batches");
            for n in kept as u64..BATCHES {
                log.append(batch(n)).await.expect("appended");
            }
            assert_eq!(state_of(&log), states[BATCHES as usize]);
            drop(log);
            assert_eq!(world.state().await, states[BATCHES as usize]);
        });
    }

    /// Only of the last batch it can't be known whether anybody was told that it is kept.
    #[test]
    fn a_flipped_bit_costs_the_last_batch_at_most_or_is_told(
        bit in any::<prop::sample::Index>(),
        segment in any::<prop::sample::Index>(),
    ) {
        run(async {
            let (world, states) = World::filled(BATCHES).await;
            let path = segment.get(&world.segments()).clone();
            let mut bytes = read(&path);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            write(&path, &bytes);
            match world.open().await {
                Ok(log) => {
                    assert_eq!(state_of(&log), states[BATCHES as usize - 1]);
                    assert_eq!(Some(path), world.segments().pop());
                }
                Err(error) => assert!(error.kind() == StoreErrorKind::Unusable, "{error}"),
            }
        });
    }

    #[test]
    fn bytes_behind_the_end_are_cut_off(more in prop::collection::vec(any::<u8>(), 1..300)) {
        run(async {
            let (world, states) = World::filled(BATCHES).await;
            let path = world.segments().pop().expect("a segment");
            write(&path, &[read(&path), more].concat());
            assert_eq!(world.state().await, states[BATCHES as usize]);
        });
    }
}

#[tokio::test]
async fn zeros_behind_the_end_are_cut_off() {
    let (world, states) = World::filled(BATCHES).await;
    let path = world.segments().pop().expect("a segment");
    write(&path, &[read(&path), vec![0; 5_000]].concat());
    assert_eq!(world.state().await, states[BATCHES as usize]);
}

#[tokio::test]
async fn damage_before_the_end_is_told_and_not_cut_off() {
    let (world, _) = World::filled(BATCHES).await;
    for path in world.segments() {
        let bytes = read(&path);
        // In the first frame: its length, its sum, its number, its content.
        for at in [0, 4, 8, 16].map(|at| HEADER_BYTES + at) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            write(&path, &damaged);
            assert_eq!(refused(&world, &path).await, StoreErrorKind::Unusable);
            assert_eq!(read(&path), damaged);
        }
        write(&path, &bytes);
    }
}

#[tokio::test]
async fn the_end_of_an_older_segment_is_never_cut_off() {
    let (world, _) = World::filled(BATCHES).await;
    let path = world.segments().remove(0);
    let bytes = read(&path);
    write(&path, &bytes[..bytes.len() - 1]);
    assert_eq!(refused(&world, &path).await, StoreErrorKind::Unusable);
    write(&path, &bytes[..HEADER_BYTES - 1]);
    assert_eq!(refused(&world, &path).await, StoreErrorKind::Unusable);
}

#[tokio::test]
async fn a_missing_segment_is_told() {
    let (world, states) = World::filled(BATCHES).await;
    let segments = world.segments();
    for missing in &segments[..segments.len() - 1] {
        let bytes = read(missing);
        fs::remove_file(missing).expect("removed");
        assert_eq!(refused(&world, &world.folder()).await, StoreErrorKind::Unusable);
        write(missing, &bytes);
    }
    assert_eq!(world.state().await, states[BATCHES as usize]);
}

#[tokio::test]
async fn a_segment_under_another_name_is_told() {
    let (world, _) = World::filled(BATCHES).await;
    let segments = world.segments();
    fs::copy(&segments[0], &segments[1]).expect("copied");
    assert_eq!(refused(&world, &segments[1]).await, StoreErrorKind::Unusable);
}

#[tokio::test]
async fn a_newer_version_is_told() {
    let (world, _) = World::filled(1).await;
    let path = world.segments().remove(0);
    let mut bytes = read(&path);
    let newer = FileFormat { version: FORMAT.version + 1, ..FORMAT };
    bytes[..HEADER_BYTES].copy_from_slice(&header(newer, 1));
    write(&path, &bytes);
    let error = world.open().await.expect_err("newer");
    assert_eq!(error.kind(), StoreErrorKind::NewerVersion);
}

#[tokio::test]
async fn a_folder_that_is_not_there_or_not_ours_is_told() {
    let world = World::new();
    fs::write(world.folder(), "a file").expect("written");
    let error = world.open().await.expect_err("no folder");
    assert_eq!(error.kind(), StoreErrorKind::Unusable);
    let absent = world.data_dir.path().join("absent");
    let error = crate::embedded::EmbeddedLog::open(
        &absent,
        crate::Config::default(),
        &SeededRandom::new(1),
    )
    .await
    .expect_err("no data folder");
    assert_eq!(error.kind(), StoreErrorKind::Unusable);
}
