//! Cassandra does nothing for a while: whoever is live notices nothing, and what waits is stored when it goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::process::{Home, Process};
use e2e::{DEADLINE, LISBON, Person, north_of};
use model::Role;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::kills::{is_long, line, seed};
use super::servers::Servers;
use super::walker::{Look, Walker};
use crate::resilience::machine;

const WALKERS: u64 = 8;
/// How long it is paused; with `WHEREABOUTS_LONG=1` for longer.
const PAUSE: Duration = Duration::from_secs(10);
const PAUSE_LONG: Duration = Duration::from_mins(1);
/// What waits for so long must fit, bytes.
const GROWTH_BYTES_MAX: u64 = 100 << 20;

/// How long something took, again and again.
struct Times(Vec<Duration>);

impl Times {
    fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

/// Two friends near each other, one of whom moves.
struct Friends {
    mover: Person,
    watcher: Person,
    moves: u64,
}

/// What was measured in a while.
struct Measured {
    pushes: Times,
    acks: Times,
}

impl Friends {
    async fn start(process: &Process) -> Self {
        for user in ["mover", "watcher"] {
            process.user(user).await;
        }
        process.befriend("mover", "watcher").await;
        let mut mover = process.connect("mover").await;
        let mut watcher = process.connect("watcher").await;
        watcher.at(LISBON).await;
        mover.at(LISBON).await;
        watcher.expect_near("mover").await;
        Self { mover, watcher, moves: 1 }
    }

    /// Moves on and on for so long.
    async fn measure(&mut self, time: Duration) -> Measured {
        let (mut pushes, mut acks) = (Times(Vec::new()), Times(Vec::new()));
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.moves += 1;
            let (latitude, longitude) = north_of(LISBON, (self.moves % 500) as f64);
            let fix = json!({
                "type": "fix", "device": "phone", "seq": self.moves, "latitude": latitude, "longitude": longitude,
            });
            let sent = Instant::now();
            self.mover.send(&fix).await;
            let is_there = |friend: &Value| {
                friend["latitude"].as_f64().is_some_and(|seen| (seen - latitude).abs() < 1e-6)
            };
            self.watcher.expect(|friends| friends.get("mover").is_some_and(is_there)).await;
            pushes.0.push(sent.elapsed());
            let seq = self.moves;
            let ack = self.mover.hear(|m| m["type"] == "ack" && m["seq"] == seq).await;
            assert_eq!(ack["kept"], "disk", "{ack}");
            acks.0.push(sent.elapsed());
            self.mover.heard.clear();
            self.watcher.heard.clear();
            sleep(Duration::from_millis(5)).await;
        }
        Measured { pushes, acks }
    }
}

fn memory_bytes(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

async fn is_degraded(process: &Process) -> bool {
    let ready = process.request("GET", "/ready").await;
    assert_eq!(ready.status, 200, "live positions go on: {ready:?}");
    ready.json["degraded"] != Value::Array(Vec::new()) && !ready.json["degraded"].is_null()
}

/// Waits until all works again. The two move on meanwhile: whoever reads nothing for so long is taken for gone.
async fn until_restored(process: &Process, friends: &mut Friends) {
    let deadline = Instant::now() + 3 * DEADLINE;
    while is_degraded(process).await {
        assert!(Instant::now() < deadline, "it is degraded still");
        friends.measure(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_notices_a_database_that_is_paused() {
    let _machine = machine::alone().await;
    let seed = seed();
    let pause = if is_long() { PAUSE_LONG } else { PAUSE };
    let servers = Servers::shared().await;
    let home = Home::new(&servers.settings(false).await);
    let process = home.start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let walking: Vec<_> = (0..WALKERS)
        .map(|number| {
            let (mut walker, stop) = (Walker::new(number, seed), Arc::clone(&stop));
            let (address, token) = (process.address(), process.token(&walker.user, Role::User));
            tokio::spawn(async move {
                walker.walk(address, token, || stop.load(Ordering::SeqCst)).await;
                walker
            })
        })
        .collect();
    let mut friends = Friends::start(&process).await;
    friends.measure(pause / 10).await;
    let (mut without, memory) = (friends.measure(pause / 2).await, memory_bytes(&process));
    servers.cassandra.stall();
    let mut during = friends.measure(pause).await;
    assert!(is_degraded(&process).await, "operators are told");
    let memory_during = memory_bytes(&process);
    servers.cassandra.go_on();
    until_restored(&process, &mut friends).await;
    let mut after = friends.measure(pause / 5).await;
    stop.store(true, Ordering::SeqCst);

    for (when, measured) in
        [("before", &mut without), ("paused", &mut during), ("after", &mut after)]
    {
        let Measured { pushes, acks } = measured;
        println!(
            "{when}: {} fixes, fix to friend p50 {:?} p99 {:?}, fix to ack p50 {:?} p99 {:?}",
            pushes.0.len(),
            pushes.percentile(50),
            pushes.percentile(99),
            acks.percentile(50),
            acks.percentile(99)
        );
    }
    let memory_after = memory_bytes(&process);
    println!(
        "memory: {memory} bytes before, {memory_during} at the end of the pause, {memory_after} after"
    );
    assert!(memory_during < memory + GROWTH_BYTES_MAX, "memory grows while nothing is stored");
    let (usual, paused) = (without.pushes.percentile(99), during.pushes.percentile(99));
    assert!(paused < 2 * usual + Duration::from_millis(20), "{usual:?} became {paused:?}");

    let mut line = line(&process).await.expect("it listens");
    for walking in walking {
        let ended = timeout(DEADLINE, walking).await.expect("it ends");
        let mut walker = ended.expect("all was acknowledged as durable");
        walker.check(&mut line, true, Look::Whole).await.expect("it is there");
    }
}
