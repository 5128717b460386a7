//! A server that goes away and comes back under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use directory::postgres::Config;
use directory::{Directory, Error, Store, Verb};
use e2e::servers::Postgres;
use futures_util::future::{join, join_all};
use model::{SystemClock, UserId};

use super::world::{Ear, circle, connect, database, id, until};

const WORKERS: usize = 8;
/// Friendships that must be acknowledged before the server goes away, and after it came back.
const SOME: usize = 200;
/// How long a worker waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// What the workers have been told is done: of each the first so many friendships.
#[derive(Default)]
struct Work {
    acknowledged: [AtomicUsize; WORKERS],
    is_over: AtomicBool,
}

impl Work {
    /// Befriends a worker's user with one new user after the other, whatever happens to the server.
    async fn go_on(&self, directory: &Directory, worker: usize) {
        let own = id(&format!("w{worker}"));
        insist(async || directory.ensure_user(&own).await).await;
        for n in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let other = friend(worker, n);
            insist(async || directory.ensure_user(&other).await).await;
            insist(async || directory.relate(Verb::Befriend, &own, &other).await).await;
            self.acknowledged[worker].store(n + 1, Ordering::Release);
        }
    }

    async fn goes_on(&self) {
        let all = || self.acknowledged.iter().map(|n| n.load(Ordering::Acquire)).sum::<usize>();
        let before = all();
        until("work goes on", async || all() > before + SOME).await;
    }
}

fn friend(worker: usize, n: usize) -> UserId {
    id(&format!("w{worker}-{n}"))
}

/// Repeats a mutation until it is acknowledged: while the server is away the outcome is unknown, and nothing else.
async fn insist<T>(mutation: impl AsyncFn() -> Result<T, Error>) {
    loop {
        match mutation().await {
            Ok(_) => return,
            Err(error) if error.is_unavailable() => tokio::time::sleep(PAUSE).await,
            Err(other) => panic!("only unavailable is expected: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_acknowledged_command_is_lost_when_the_server_restarts_or_crashes_under_load() {
    let mut server = Postgres::start().await;
    let config = database(&server).await;
    let unlimited = directory::Config { friends_max: u32::MAX, ..directory::Config::default() };
    let clock = Arc::new(SystemClock::start());
    let directory = Directory::start(Arc::new(connect(&config).await), clock, unlimited);
    let work = Work::default();
    let workers = join_all((0..WORKERS).map(|worker| work.go_on(&directory, worker)));
    let mishaps = async {
        for _ in 0..2 {
            work.goes_on().await;
            server.restart().await;
            work.goes_on().await;
            server.kill().await;
            server.start_again().await;
        }
        work.goes_on().await;
        work.is_over.store(true, Ordering::Relaxed);
    };
    join(workers, mishaps).await;

    // By another store, which knows nothing but what is in the database.
    let store = connect(&config).await;
    for (worker, acknowledged) in work.acknowledged.iter().enumerate() {
        let circle = circle(&store, &format!("w{worker}")).await;
        let count = acknowledged.load(Ordering::Acquire);
        let mut expected: Vec<_> = (0..count).map(|n| friend(worker, n)).collect();
        expected.sort_unstable();
        assert!(circle.friends.iter().map(|friend| &friend.id).eq(&expected), "worker {worker}");
    }
}

#[tokio::test]
async fn while_the_server_is_away_it_is_said_and_then_all_recovers_by_itself() {
    let mut server = Postgres::start().await;
    let hasty = Config { connect_timeout_ms: 300, ..database(&server).await };
    let store = connect(&hasty).await;
    let mut ear = Ear::on(&store);
    server.kill().await;
    until("it is noticed", async || store.fault().is_some()).await;
    let why = store.fault().expect("it is still away");
    assert!(why.contains("127.0.0.1") && !why.contains("p@ss"), "{why}");
    let read = store.users(&[id("alice")]).await;
    assert!(matches!(&read, Err(error) if error.is_unavailable()), "{read:?}");
    assert_eq!(store.clock_offset_ms(), None);
    server.start_again().await;
    until("it is noticed", async || store.fault().is_none()).await;
    assert!(store.clock_offset_ms().is_some());
    assert_eq!(ear.rest(), []);
    assert_eq!(store.users(&[id("alice")]).await, Ok(vec![None]));
}
