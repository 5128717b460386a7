//! Somebody with very many friends comes and goes, again and again: nothing of that stays.

use crate::resilience::machine;
use std::time::Duration;

use e2e::process::{Home, Process};
use e2e::{DEADLINE, LISBON, north_of};
use futures_util::{StreamExt, stream};
use simulation::resident_memory;

/// As many as anybody may have.
const FRIENDS: usize = 5_000;

/// Connections in all; the memory after the first is what the others are measured by.
const CONNECTIONS: usize = 1_000;
const FIRST: usize = 50;

/// What may come on top of a tenth more: what the allocator keeps.
const SLACK_BYTES: u64 = 16 << 20;

/// How often it is looked whether something has come.
const LOOK: Duration = Duration::from_millis(50);

/// Done at once while the friends are made.
const AT_ONCE: usize = 32;

const SETTINGS: &str = "
[gateway]
watches_per_s = 0
admissions_per_s = 100000
admissions_burst = 100000
[rest]
requests_per_s = 100000
requests_burst = 100000
";

async fn at_once<F: Future<Output = ()>>(work: impl Iterator<Item = F>) {
    stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// Friends of alice who have said where they are, and went.
async fn friends(process: &Process) {
    process.user("alice").await;
    at_once((0..FRIENDS).map(|n| async move {
        let friend = format!("friend-{n}");
        process.user(&friend).await;
        process.befriend("alice", &friend).await;
        let mut person = process.connect(&friend).await;
        person.at(north_of(LISBON, n as f64 / 10.0)).await;
    }))
    .await;
}

/// What the gateway counts: channels and timers.
async fn held(process: &Process) -> [u64; 2] {
    let metrics = process.metrics().await;
    ["whereabouts_ws_channels ", "whereabouts_ws_timers "].map(|name| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name}isn't told"))
    })
}

/// Waits until the gateway holds what is expected.
async fn until_held(
    process: &Process,
    what: &str,
    expected: impl Fn([u64; 2]) -> bool,
) -> [u64; 2] {
    let looking = async {
        loop {
            let held = held(process).await;
            if expected(held) {
                return held;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let Ok(held) = tokio::time::timeout(DEADLINE, looking).await else {
        panic!("never: {what}; channels and timers are {:?}", held(process).await)
    };
    held
}

async fn come_and_go(process: &Process, times: usize) -> u64 {
    for _ in 0..times {
        let alice = process.connect("alice").await;
        assert_eq!(alice.friends.len(), 0, "she is nowhere herself");
    }
    resident_memory(process.id()).expect("the process runs")
}

#[tokio::test]
async fn a_thousand_connections_of_a_user_with_five_thousand_friends_leave_nothing_behind() {
    let _machine = machine::alone().await;
    let home = Home::new(SETTINGS);
    let process = home.start().await;
    friends(&process).await;
    let nobody = |held: [u64; 2]| held[0] == 0;
    let before = until_held(&process, "channels go when nobody watches", nobody).await;
    let first = come_and_go(&process, FIRST).await;
    let last = come_and_go(&process, CONNECTIONS - FIRST).await;
    println!("{} MB after {FIRST} connections, {} MB after {CONNECTIONS}", first >> 20, last >> 20);
    assert!(last <= first + first / 10 + SLACK_BYTES, "{first} bytes, then {last}");
    until_held(&process, "all is as before", |held| held == before).await;
}
