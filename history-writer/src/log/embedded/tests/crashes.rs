//! A process that dies, at every named point and at any time, and another that goes on.

use std::path::Path;
use std::sync::Arc;

use model::{ManualClock, Timestamp};
use segment_log::test_kit::{Appender, SIGABRT, SIGKILL, kept, wait_for_turn};

use super::world::{NOW, POINTS, SMALL, World, append, batch, numbers, read, read_all, run, write};
use crate::log::embedded::{Config, EmbeddedLog, crash_points};
use crate::{Log, LogPosition};

const BATCHES: u64 = 60;
/// Names the data folder to a process that appends, and the first batch.
const DATA_DIR: &str = "HISTORY_TEST_DATA_DIR";
const FIRST: &str = "HISTORY_TEST_FIRST";
/// How many batches are said to be stored later than they are appended.
const LAG: u64 = 4;

fn config() -> Config {
    Config { segment_age_ms_max: 600_000, ..SMALL }
}

/// Run by the other tests in a process of its own: appends a batch for each byte that it reads, and says that it is kept.
#[test]
fn a_process_appends() {
    let (Some(data_dir), Ok(first)) = (std::env::var_os(DATA_DIR), std::env::var(FIRST)) else {
        return;
    };
    run(append_in_turns(Path::new(&data_dir), first.parse().expect("a number")));
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
        let (signal, kept) = append_all(&world, 3, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = check(&world, kept, point);
        let (signal, kept) = append_all(&world, kept, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert_eq!(check(&world, kept, point), BATCHES);
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let world = World { config: config(), ..World::new() };
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
}
