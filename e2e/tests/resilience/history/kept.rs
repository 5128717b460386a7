//! What was acknowledged as being on a disk is in the track, however the process ends.

use std::sync::Arc;

use e2e::Person;
use e2e::process::{Home, Process};
use history_writer::embedded::EmbeddedLog;
use history_writer::{Config, LogReader as _, Point};
use model::{SystemClock, UserId};

/// The numbers of the fixes that the log has of a user, once no process has it open any more.
async fn logged(home: &Home, user: &str) -> Vec<u64> {
    let clock = Arc::new(SystemClock::start());
    let log = EmbeddedLog::open(&home.data(), Config::default().log(), clock).await;
    let user = UserId::parse(user).expect("an id");
    let mut numbers = Vec::new();
    let log = log.expect("it opens");
    assert!(log.recent(&user, &mut |point: Point| numbers.push(point.version.seq)));
    numbers.sort_unstable();
    numbers
}

async fn start_with_ann(home: &Home) -> (Process, Person) {
    let process = home.start().await;
    process.user("ann").await;
    let ann = process.connect("ann").await;
    (process, ann)
}

#[tokio::test]
async fn what_was_acknowledged_survives_kills_at_once() {
    let home = Home::new("");
    for round in 0..3 {
        let (process, mut ann) = start_with_ann(&home).await;
        ann.keep_fixes(round * 20 + 1..round * 20 + 21).await;
        process.kill().await;
        let expected: Vec<_> = (1..round * 20 + 21).collect();
        assert_eq!(logged(&home, "ann").await, expected);
    }
}

#[tokio::test]
async fn a_process_that_is_told_to_go_leaves_nothing_behind_in_memory() {
    let home = Home::new("[gateway]\ndrain_window_ms = 200\n");
    let (process, mut ann) = start_with_ann(&home).await;
    ann.keep_fixes(1..21).await;
    process.terminate();
    ann.end().await;
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(logged(&home, "ann").await, (1..21).collect::<Vec<_>>());
}
