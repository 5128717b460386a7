use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use leaderboard::{Config, Error, FollowingIndex, Leaderboard, Log, People};
use model::{Random, SeededRandom, SystemClock, UserId};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::Outcome;
use crate::ours::{open, point};

/// How often those that are due are sent.
const TICK: Duration = Duration::from_millis(1);
/// Updates of the first so many seconds don't count: connections and statements are made.
const WARM_UP: Duration = Duration::from_secs(2);

/// Nobody is known.
struct Nobody;

impl People for Nobody {
    fn names<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, Result<Vec<Option<String>>, Error>> {
        Box::pin(std::future::ready(Ok(vec![None; users.len()])))
    }

    fn friends<'a>(&'a self, _: &'a UserId) -> BoxFuture<'a, Result<Vec<UserId>, Error>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// Sends single updates at a rate, whatever is answered, and prints how long the answers took, each with the new rank, from
/// the moment that it was due.
pub(crate) async fn run(
    url: &str,
    rate: usize,
    seconds: usize,
    players: usize,
    name: &str,
) -> Outcome<()> {
    let log: Arc<dyn Log> = Arc::new(open(url).await?);
    let index = FollowingIndex::start(Arc::clone(&log), Arc::new(SeededRandom::new(2)));
    let clock = Arc::new(SystemClock::start());
    let random = Arc::new(SeededRandom::new(name.len() as u64));
    let (config, index, people) = (Config::default(), Arc::new(index), Arc::new(Nobody));
    let boards = Leaderboard::start(config, log, index, people, clock, random.clone());
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (started, mut sent) = (Instant::now(), 0);
    while started.elapsed().as_secs_f64() < seconds as f64 {
        ticks.tick().await;
        while sent < (started.elapsed().as_secs_f64() * rate as f64) as usize {
            let due = started + Duration::from_secs_f64(sent as f64 / rate as f64);
            let user = random.next_u64() as usize % players;
            let event = point(&format!("{name}-{sent}"), user)?;
            let (boards, answered) = (boards.clone(), answered.clone());
            tokio::spawn(async move {
                let posted = boards.post(vec![event]).await;
                let is_ranked = posted.is_ok_and(|mut posted| {
                    posted.remove(0).is_ok_and(|changes| changes[0].standing.is_some())
                });
                let _ = answered.send((due, due.elapsed(), is_ranked));
            });
            sent += 1;
        }
    }
    drop(answered);
    let (mut took_ms, mut unranked, mut last) = (Vec::new(), 0, started);
    while let Some((due, took, is_ranked)) = answers.recv().await {
        last = last.max(due + took);
        if due - started >= WARM_UP {
            took_ms.push(took.as_secs_f64() * 1_000.0);
            unranked += usize::from(!is_ranked);
        }
    }
    took_ms.sort_by(f64::total_cmp);
    let at = |share: f64| took_ms[((took_ms.len() - 1) as f64 * share) as usize];
    println!(
        r#"{{"updates_per_s": {:.0}, "p50_ms": {:.1}, "p99_ms": {:.1}, "max_ms": {:.1}, "without_rank": {unranked}}}"#,
        sent as f64 / (last - started).as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    Ok(())
}
