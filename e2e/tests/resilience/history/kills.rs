//! The process is killed again and again, at random and at named points, while people send and erase.

use std::time::Duration;

use e2e::DEADLINE;
use e2e::process::{CRASH_VARIABLE, Home, Process, crashing_binary};
use history_writer::{crash_points, embedded};
use model::{Clock, Role, SystemClock};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::servers::UNHURRIED;
use super::walker::{Look, Walker};
use crate::resilience::durability::choice::Choice;
use crate::resilience::durability::line::Line;
use crate::resilience::machine;

/// How often the process ends; with `WHEREABOUTS_LONG=1` more often.
const KILLS: usize = 20;
const KILLS_LONG: usize = 200;
/// Every so many times all of the tracks is looked at, not only what may have changed.
const ALL_EVERY: usize = 20;
const WALKERS: u64 = 4;
/// The process is killed after so many milliseconds of load.
const LOAD_MS: std::ops::Range<u64> = 5..200;
/// Chooses another course of the test, to repeat one that failed.
const SEED_VARIABLE: &str = "WHEREABOUTS_SEED";

pub(super) fn is_long() -> bool {
    std::env::var_os("WHEREABOUTS_LONG").is_some_and(|long| long == "1")
}

/// By which all is chosen that a test leaves to chance.
pub(super) fn seed() -> u64 {
    let seed = std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| SystemClock::start().now().wall.0 as u64);
    println!("{SEED_VARIABLE}={seed} repeats this choice of points and moments");
    seed
}

/// Starts the service, every second time as one that dies at a named point; `None` if it has died already.
async fn start(home: &Home, crash_at: Option<&str>) -> Option<Process> {
    let Some(point) = crash_at else { return Some(home.start().await) };
    let mut command = Command::new(crashing_binary());
    command.args(home.serve()).env(CRASH_VARIABLE, point);
    match home.try_start_as(command).await {
        Ok(process) => Some(process),
        Err(ended) => {
            assert_eq!(ended.code, None, "it ended in good order: {ended:?}");
            None
        }
    }
}

pub(super) async fn line(process: &Process) -> Option<Line> {
    Line::open(process.address(), process.token("backend", Role::Service)).await
}

async fn check(process: &Process, walkers: &mut [Walker], is_all: bool) -> Option<()> {
    let mut line = line(process).await?;
    for walker in walkers {
        walker.check(&mut line, is_all, Look::Settled).await?;
    }
    Some(())
}

/// Lets all of them walk until the process is gone, which is so after a while.
async fn walk_until_killed(process: Process, walkers: &mut Vec<Walker>, load: Duration) -> bool {
    let walking: Vec<_> = walkers
        .drain(..)
        .map(|mut walker| {
            let (address, token) = (process.address(), process.token(&walker.user, Role::User));
            tokio::spawn(async move {
                walker.walk(address, token, || false).await;
                walker
            })
        })
        .collect();
    // The moment of the crash is chosen by time: nothing is waited for.
    sleep(load).await;
    let has_ended = process.kill_if_alive().await;
    for walking in walking {
        let walked = timeout(DEADLINE, walking).await.expect("the end is noticed");
        walkers.push(walked.expect("nothing was refused"));
    }
    has_ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_and_what_was_erased_is_not() {
    let _machine = machine::alone().await;
    let seed = seed();
    let kills = if is_long() { KILLS_LONG } else { KILLS };
    let mut choice = Choice(seed);
    let points = [embedded::crash_points::ALL, crash_points::ALL].concat();
    let home = Home::new(&format!("{UNHURRIED}[history]\nchunk_age_ms = 1000\n"));
    let mut walkers: Vec<_> = (0..WALKERS).map(|number| Walker::new(number, seed)).collect();

    let (mut at_points, mut at_start) = (0, 0);
    for kill in 0..kills {
        let is_at_point = kill % 2 == 1;
        let crash_at = is_at_point.then(|| points[choice.below(points.len() as u64) as usize]);
        let Some(process) = start(&home, crash_at).await else {
            at_start += 1;
            continue;
        };
        let checked = check(&process, &mut walkers, kill % ALL_EVERY == 0).await;
        assert!(checked.is_some() || is_at_point, "it is gone, and nobody killed it");
        let load = LOAD_MS.start + choice.below(LOAD_MS.end - LOAD_MS.start);
        let load = Duration::from_millis(load);
        let has_ended = walk_until_killed(process, &mut walkers, load).await;
        assert!(!has_ended || is_at_point, "it is gone, and nobody killed it");
        at_points += usize::from(has_ended);
    }
    let process = home.start().await;
    check(&process, &mut walkers, true).await.expect("nobody kills it");
    let acknowledged: u64 = walkers.iter().map(|walker| walker.acknowledged).sum();
    let erased: u64 = walkers.iter().map(|walker| walker.erased).sum();
    println!(
        "{kills} ends, {at_points} of them at named points under load and {at_start} at the start; \
         {acknowledged} messages acknowledged, {erased} erasures"
    );
    assert!(acknowledged > 5 * kills as u64, "hardly any load: {acknowledged} messages");
    assert!(at_points > 0 && erased > 0, "{at_points} at points, {erased} erasures");
}
