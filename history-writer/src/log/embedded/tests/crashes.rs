//! A process that dies, at every named point and at any time, and another that goes on.

use std::path::Path;
use std::sync::Arc;

use model::{ManualClock, Timestamp};
use segment_log::test_kit::{Appender, SIGABRT, appending, kept, wait_for_turn};

use super::world::{NOW, POINTS, SMALL, World, append, batch, numbers, read, read_all, run, write};
use crate::log::embedded::{Config, EmbeddedLog, crash_points};
use crate::{Log, LogPosition, LogReader};

const BATCHES: u64 = 60;
/// The test that is run in a process of its own.
const TEST: &str = concat!(module_path!(), "::a_process_appends");
/// How many batches are said to be stored later than they are appended.
const LAG: u64 = 4;

fn config() -> Config {
    Config { segment_age_ms_max: 600_000, ..SMALL }
}

/// Run by the other tests in a process of its own: appends a batch for each byte that it reads, and says that it is kept.
#[test]
fn a_process_appends() {
    if let Some((data_dir, first)) = appending() {
        run(append_in_turns(&data_dir, first));
    }
}

async fn append_in_turns(data_dir: &Path, first: u64) {
    let clock = Arc::new(ManualClock::at(Timestamp(NOW)));
    let log = EmbeddedLog::open(data_dir, config(), clock.clone()).await.expect("opens");
    for n in first..BATCHES {
        wait_for_turn();
        let (user, points) = batch(n);
        log.append(&user, &points).await.expect("appended");
        kept(n);
        clock.advance_ms(30_000);
        let mark = n.saturating_sub(LAG) * POINTS + 1;
        log.forget(LogPosition(mark)).await.expect("told");
    }
}

/// The log has what was kept and isn't stored, and perhaps what was being written; says how many batches that is.
fn check(world: &World, kept: u64, when: &str) -> u64 {
    let log = run(world.open()).expect("opens");
    let read = numbers(&run(read_all(&log)));
    let first = log.replay_from().0 - 1;
    assert!(first <= kept.saturating_sub(LAG) * POINTS, "{when}: only what is stored is forgotten");
    let has_more = read.last().is_some_and(|last| *last == (kept + 1) * POINTS - 1);
    let kept = kept + u64::from(has_more);
    assert!(read.iter().copied().eq(first..kept * POINTS), "{when}: {read:?}");
    kept
}

#[test]
fn what_was_answered_survives_a_crash_at_every_point() {
    for point in crash_points::ALL {
        let world = World { config: config(), ..World::new() };
        run(async { append(&world.open_faulty().await.0, 0, 3).await });
        // An end that is torn, to be cut off.
        let segment = world.segments().pop().expect("a segment");
        write(&segment, &[read(&segment), vec![7; 5]].concat());
        let (signal, kept) =
            Appender::append_all(TEST, world.data_dir.path(), 3..BATCHES, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = check(&world, kept, point);
        let (signal, kept) = Appender::append_all(TEST, world.data_dir.path(), kept..BATCHES, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert_eq!(check(&world, kept, point), BATCHES);
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let world = World { config: config(), ..World::new() };
    let kept = Appender::kill_at_any_time(TEST, world.data_dir.path(), |kept| {
        check(&world, kept, "killed")
    });
    assert!(kept >= 30);
}
