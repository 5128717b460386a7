//! How many friendships a second the embedded store makes durable: 2,500 users in a ring, each befriended with the next
//! 40, by 64 callers and by 512.
//!
//! `cargo run --release -p directory --example group_commit`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use directory::embedded::EmbeddedStore;
use directory::{Config, Directory, Verb};
use model::{SystemClock, UserId};

const USERS: usize = 2_500;
const FRIENDSHIPS: usize = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for callers in [64, 512] {
        let data_dir = tempfile::TempDir::new()?;
        let store = Arc::new(EmbeddedStore::open(data_dir.path()).await?);
        let clock = Arc::new(SystemClock::start());
        let directory = Directory::start(store, clock, Config::default());
        let users: Arc<[UserId]> =
            (0..USERS).map(|n| UserId::parse(&format!("user-{n}"))).collect::<Result<_, _>>()?;
        for user in users.iter() {
            directory.ensure_user(user).await?;
        }

        let next = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (directory, users, next) = (directory.clone(), users.clone(), next.clone());
                tokio::spawn(async move {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= FRIENDSHIPS {
                            return Ok(());
                        }
                        let (one, step) = (n % USERS, n / USERS + 1);
                        let outcome = directory
                            .relate(Verb::Befriend, &users[one], &users[(one + step) % USERS])
                            .await;
                        outcome.map(|_| ())?;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await?.map_err(|error: directory::Error| error)?;
        }
        let seconds = started.elapsed().as_secs_f64();
        let rate = FRIENDSHIPS as f64 / seconds;
        println!("{callers} callers: {FRIENDSHIPS} friendships in {seconds:.1} s, {rate:.0}/s");
    }
    Ok(())
}
