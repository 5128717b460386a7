//! How many changes of circles a second `PostgreSQL` takes from one process: 8 writers, each a friendship made or ended at
//! a time, straight through the store (a transaction each) and through the handle (which gathers them).
//!
//! `cargo run --release -p directory --example postgres_changes -- postgres://… [SECONDS]`, on a database of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use directory::postgres::{Config, PostgresStore, migrate};
use directory::{Directory, Limits, Mutation, Store, Verb, WriteRequest};
use model::{SeededRandom, SystemClock, Timestamp, UserId};

const WRITERS: usize = 8;
const USERS: usize = 2_000;

fn user(n: usize) -> UserId {
    UserId::parse(&format!("user-{n}")).expect("a valid id")
}

/// The next change: all pairs of neighbours become friends, then none of them is.
fn change(n: usize) -> (Verb, UserId, UserId) {
    let verb = if (n / USERS).is_multiple_of(2) { Verb::Befriend } else { Verb::Remove };
    (verb, user(n % USERS), user((n + 1) % USERS))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("give the database's URL")?;
    let seconds = words.next().map_or(Ok(5), |word| word.parse())?;
    let config = Config { url: url.into(), ..Config::default() };
    migrate(&config).await?;
    let clock = Arc::new(SystemClock::start());
    let random = Arc::new(SeededRandom::new(1));
    let store: Arc<dyn Store> =
        Arc::new(PostgresStore::connect(&config, clock.clone(), random).await?);
    let directory = Directory::start(store.clone(), clock, directory::Config::default());
    for n in 0..USERS {
        directory.ensure_user(&user(n)).await?;
    }
    let longest = Duration::from_secs(seconds);
    let by_store = measured(longest, |n| {
        let (verb, user, other) = change(n);
        let store = store.clone();
        async move {
            let mutation = Mutation::Relate { verb, user, other };
            let writes = vec![WriteRequest { mutation, at: Timestamp(0) }];
            store.apply(writes, Limits::default()).await.map(|_| ())
        }
    });
    println!("straight through the store: {:.0} changes/s", by_store.await?);
    let by_handle = measured(longest, |n| {
        let (verb, user, other) = change(n);
        let directory = directory.clone();
        async move { directory.relate(verb, &user, &other).await.map(|_| ()) }
    });
    println!("through the handle: {:.0} changes/s", by_handle.await?);
    Ok(())
}

/// Changes a second.
async fn measured<F>(
    longest: Duration,
    change: impl Fn(usize) -> F,
) -> Result<f64, Box<dyn std::error::Error>>
where
    F: Future<Output = Result<(), directory::Error>>,
{
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let writer = || async {
        while started.elapsed() < longest {
            change(next.fetch_add(1, Ordering::Relaxed)).await?;
        }
        Ok::<_, directory::Error>(())
    };
    let writers = futures_util::future::join_all((0..WRITERS).map(|_| writer()));
    writers.await.into_iter().collect::<Result<(), _>>()?;
    Ok(next.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}
