use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::process::Process;
use e2e::{LISBON, Person, north_of};
use futures_util::future::join_all;
use serde_json::json;

/// How often everybody moves.
pub(crate) const STEP: Duration = Duration::from_millis(25);

/// Requests at a time while everything is prepared.
const REQUESTS: usize = 32;

#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) movers: usize,
    pub(crate) stalled: usize,
    /// With stalled readers, and without.
    pub(crate) steps: usize,
    pub(crate) steps_without: usize,
}

/// As long as an id may be: so that much is to be sent.
pub(crate) fn mover(n: usize) -> String {
    format!("mover-{n:058}")
}

pub(crate) fn watcher(n: usize) -> String {
    format!("watcher-{n}")
}

/// When each step of each mover was sent, microseconds after the start.
pub(crate) struct Sent {
    start: Instant,
    steps: usize,
    at_us: Vec<AtomicU64>,
}

impl Sent {
    pub(crate) fn new(movers: usize, steps: usize) -> Self {
        let at_us = (0..movers * steps).map(|_| AtomicU64::new(0)).collect();
        Self { start: Instant::now(), steps, at_us }
    }

    pub(crate) fn movers(&self) -> usize {
        self.at_us.len() / self.steps
    }

    pub(crate) fn last_step(&self) -> usize {
        self.steps - 1
    }

    pub(crate) fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    pub(crate) fn at(&self, mover: usize, step: usize) -> &AtomicU64 {
        &self.at_us[mover * self.steps + step]
    }
}

/// Users, friendships, and movers whose first fix is known.
pub(crate) async fn prepare(process: &Process, scale: Scale, watchers: usize) -> Vec<Person> {
    let users: Vec<_> = (0..scale.movers).map(mover).chain((0..watchers).map(watcher)).collect();
    for some in users.chunks(REQUESTS) {
        join_all(some.iter().map(|user| process.user(user))).await;
    }
    for n in 0..scale.movers {
        let id = mover(n);
        // Movers see nobody, so that only watchers are sent anything.
        let radius = Some(json!({ "radius_m": 100 }));
        process.as_service("PUT", &format!("/v1/users/{id}/radius"), radius).await;
        let others: Vec<_> = (0..watchers).map(watcher).collect();
        for some in others.chunks(REQUESTS) {
            join_all(some.iter().map(|other| process.befriend(&id, other))).await;
        }
    }
    let mut movers = Vec::new();
    for n in 0..scale.movers {
        let mut person = process.connect(&mover(n)).await;
        step(&mut person, n, 0, 0).await;
        movers.push(person);
    }
    movers
}

/// Sends a fix and waits for its acknowledgement. The altitude names the step.
pub(crate) async fn step(person: &mut Person, mover: usize, seq: u64, step: usize) {
    let (latitude, longitude) = north_of(LISBON, 3_000.0 + (mover + step) as f64);
    person
        .send(&json!({
            "type": "fix", "device": "phone", "seq": seq, "latitude": latitude,
            "longitude": longitude, "altitude_m": step, "accuracy_m": 12.5, "speed_mps": 1.25,
            "heading_deg": 45.5,
        }))
        .await;
    let ack = person.hear(|m| m["type"] == "ack" && m["seq"] == seq).await;
    assert_eq!(ack["shown"], true);
}

/// Everybody moves at a steady pace; answers when all is acknowledged.
pub(crate) async fn walk(movers: Vec<Person>, sent: &Arc<Sent>) -> Vec<Person> {
    let walking = movers.into_iter().enumerate().map(|(n, mut person)| {
        let sent = sent.clone();
        tokio::spawn(async move {
            let mut pace = tokio::time::interval(STEP);
            for at in 1..sent.steps {
                pace.tick().await;
                sent.at(n, at).store(sent.now_us(), Ordering::Relaxed);
                step(&mut person, n, at as u64, at).await;
            }
            person
        })
    });
    join_all(walking).await.into_iter().map(|done| done.expect("a mover")).collect()
}
