//! Two gateways over Cassandra and `PostgreSQL`, of which one or the other is killed again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::process::{Home, Process};
use model::Role;
use tokio::time::{Instant, sleep, timeout};

use super::kills::{is_long, line, seed};
use super::servers::Servers;
use super::walker::{Look, Walker};
use crate::resilience::durability::choice::Choice;
use crate::resilience::machine;

/// How often a gateway is killed; with `WHEREABOUTS_LONG=1` more often.
const KILLS: usize = 5;
const KILLS_LONG: usize = 60;
const WALKERS: u64 = 6;
/// One is killed after so many milliseconds of load.
const LOAD_MS: std::ops::Range<u64> = 50..600;
/// How long what one gateway has in its log may take to be seen on the other.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lets all of them walk, each on either gateway, until one of these is killed.
async fn walk(
    processes: &mut Vec<Process>,
    homes: &[Home],
    walkers: &mut Vec<Walker>,
    choice: &mut Choice,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let walking: Vec<_> = walkers
        .drain(..)
        .map(|mut walker| {
            let process = &processes[choice.below(2) as usize];
            let (address, token) = (process.address(), process.token(&walker.user, Role::User));
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                walker.walk(address, token, || stop.load(Ordering::SeqCst)).await;
                walker
            })
        })
        .collect();
    // The moment of the crash is chosen by time: nothing is waited for.
    sleep(Duration::from_millis(LOAD_MS.start + choice.below(LOAD_MS.end - LOAD_MS.start))).await;
    let which = choice.below(2) as usize;
    processes.remove(which).kill().await;
    stop.store(true, Ordering::SeqCst);
    for walking in walking {
        let walked = timeout(DEADLINE, walking).await.expect("the end is noticed");
        walkers.push(walked.expect("nothing was refused"));
    }
    processes.insert(which, homes[which].start().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_either_gateway_acknowledged_is_there_once_on_both() {
    let _machine = machine::alone().await;
    let seed = seed();
    let kills = if is_long() { KILLS_LONG } else { KILLS };
    let mut choice = Choice(seed);
    let servers = Servers::shared().await;
    let settings = servers.settings(true).await;
    let homes = [Home::new(&settings), Home::new(&settings)];
    let mut processes = vec![homes[0].start().await, homes[1].start().await];
    let mut walkers: Vec<_> = (0..WALKERS).map(|number| Walker::new(number, seed)).collect();

    for kill in 0..kills {
        walk(&mut processes, &homes, &mut walkers, &mut choice).await;
        // The other one may have what isn't stored yet; what was erased is on neither.
        let mut line = line(&processes[kill % 2]).await.expect("it listens");
        for walker in &mut walkers {
            walker.check(&mut line, true, Look::Waiting).await.expect("it is there");
        }
    }
    for process in &processes {
        let mut line = line(process).await.expect("it listens");
        for walker in &mut walkers {
            let deadline = Instant::now() + PATIENCE;
            while !walker.is_complete(&mut line).await {
                assert!(Instant::now() < deadline, "{} lacks what was acknowledged", walker.user);
                sleep(Duration::from_millis(100)).await;
            }
            walker.check(&mut line, true, Look::Whole).await.expect("it is there");
        }
    }
    let acknowledged: u64 = walkers.iter().map(|walker| walker.acknowledged).sum();
    let erased: u64 = walkers.iter().map(|walker| walker.erased).sum();
    println!(
        "{kills} kills of two gateways, {acknowledged} messages acknowledged, {erased} erasures"
    );
    assert!(acknowledged > 10 * kills as u64, "hardly any load: {acknowledged} messages");
}
