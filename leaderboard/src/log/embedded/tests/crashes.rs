//! A process that dies, at every named point and at any time, and another that goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use segment_log::LocalDisk;
use segment_log::test_kit::{Appender, SIGABRT, SIGKILL, kept, wait_for_turn};

use super::damage::run;
use super::world::{SMALL, World, batch, expected, read, state_of, write};
use crate::embedded::{EmbeddedLog, crash_points};
use crate::log::embedded::options::{Appended, Options};
use crate::{Log, LogId};

const BATCHES: u64 = 60;
/// Names the data folder to a process that appends, and the first batch.
const DATA_DIR: &str = "LEADERBOARD_TEST_DATA_DIR";
const FIRST: &str = "LEADERBOARD_TEST_FIRST";

/// With snapshots every few batches.
fn options() -> Options {
    let snapshot_after = Appended { bytes: u64::MAX, records: 25 };
    Options { snapshot_after, erasing_wait: Duration::ZERO, ..SMALL }
}

fn world() -> World {
    World { options: options(), ..World::new() }
}

/// Run by the other tests in a process of its own: appends a batch for each byte that it reads, and says that it is kept.
#[test]
fn a_process_appends() {
    let (Some(data_dir), Ok(first)) = (std::env::var_os(DATA_DIR), std::env::var(FIRST)) else {
        return;
    };
    let first = first.parse().expect("a number");
    run(append(&PathBuf::from(data_dir), first));
}

async fn append(data_dir: &Path, first: u64) {
    let log = EmbeddedLog::open_with(data_dir, options(), Arc::new(LocalDisk), LogId(7)).await;
    let log = log.expect("opens");
    for n in first..BATCHES {
        wait_for_turn();
        log.append(batch(n)).await.expect("appended");
        kept(n);
        // So that its points come at the same batches in every run.
        log.snapshots.wait();
    }
}

fn start(world: &World, first: u64, crash_at: Option<&str>) -> Appender {
    let test = concat!(module_path!(), "::a_process_appends");
    let number = first.to_string();
    let env = [(DATA_DIR, world.data_dir.path().as_os_str()), (FIRST, number.as_ref())];
    Appender::start(test, &env, first, crash_at)
}

/// Lets a process append all batches from `first` on; says by which signal it ended, and how many were kept.
fn append_all(world: &World, first: u64, crash_at: Option<&str>) -> (Option<i32>, u64) {
    let mut appender = start(world, first, crash_at);
    appender.give(BATCHES - first);
    appender.end()
}

/// The log has what was kept, and perhaps what was being written; says how many batches that is.
fn check(world: &World, kept: u64, when: &str) -> u64 {
    let states = expected().0;
    let state = run(world.state());
    let kept = kept + u64::from(states[kept as usize + 1] == state);
    assert!(state == states[kept as usize], "{when}: {state}");
    kept
}

#[test]
fn what_was_answered_survives_a_crash_at_every_point() {
    for point in crash_points::ALL {
        let world = world();
        let (old, _) = run(World::filled(3));
        for segment in old.segments() {
            let name = segment.file_name().expect("a name");
            std::fs::create_dir_all(world.folder()).expect("made");
            // An end that is torn, to be cut off.
            write(&world.folder().join(name), &[read(&segment), vec![7; 5]].concat());
        }
        let (signal, kept) = append_all(&world, 3, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = check(&world, kept, point);
        let (signal, kept) = append_all(&world, kept, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert!(run(world.state()) == expected().0[BATCHES as usize], "after {point}");
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let world = world();
    let mut kept = 0;
    // With each round a little later within what comes behind a batch.
    for round in 0..10 {
        let mut appender = start(&world, kept, None);
        appender.give(5);
        appender.until(kept + 3);
        for _ in 0..round * 10_000 {
            std::hint::spin_loop();
        }
        appender.kill();
        let (signal, answered) = appender.end();
        assert_eq!(signal, Some(SIGKILL));
        kept = check(&world, answered, "killed");
    }
    let log = run(world.open()).expect("opens");
    assert!(state_of(&log) == expected().0[kept as usize]);
}
