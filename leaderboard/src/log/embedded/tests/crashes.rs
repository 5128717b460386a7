//! A process that dies, at every named point and at any time, and another that goes on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use segment_log::LocalDisk;
use segment_log::test_kit::{Appender, SIGABRT, appending, kept, wait_for_turn};

use super::damage::run;
use super::world::{SMALL, World, batch, expected, read, state_of, write};
use crate::embedded::{EmbeddedLog, crash_points};
use crate::log::embedded::options::{Appended, Options};
use crate::{Log, LogId};

const BATCHES: u64 = 60;
/// The test that is run in a process of its own.
const TEST: &str = concat!(module_path!(), "::a_process_appends");

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
    if let Some((data_dir, first)) = appending() {
        run(append(&data_dir, first));
    }
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
        let (signal, kept) =
            Appender::append_all(TEST, world.data_dir.path(), 3..BATCHES, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = check(&world, kept, point);
        let (signal, kept) = Appender::append_all(TEST, world.data_dir.path(), kept..BATCHES, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert!(run(world.state()) == expected().0[BATCHES as usize], "after {point}");
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let world = world();
    let kept = Appender::kill_at_any_time(TEST, world.data_dir.path(), |kept| {
        check(&world, kept, "killed")
    });
    let log = run(world.open()).expect("opens");
    assert!(state_of(&log) == expected().0[kept as usize]);
}
