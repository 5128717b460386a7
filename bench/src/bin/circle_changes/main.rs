//! How many changes of circles a second a deployment takes with so many gateways connected: `bench/changes` says how to run
//! it.
//!
//! One gateway commits, as many others are real adapters with connections of their own, and each user is watched on so many
//! of them: on one, so that each change of two users is watched on two gateways, or on more. What they hear is counted.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::{Verifier, VerifyingKey};
use directory::postgres::{self, PostgresStore};
use directory::{Directory, DisplayName, Verb};
use model::{Clock, Random, SeededRandom, SystemClock, UserId};
use tokio::task::JoinSet;
use ws_gateway::CircleChange;
use ws_gateway::Sighting;
use ws_gateway::live::redis::{Config, Redis, Server};
use ws_gateway::live::{Channel, FixLimit, Live, Sink};
use ws_gateway::{Deps, Gateway};

const USAGE: &str = "circle_changes DATABASE_URL REDIS_URL GATEWAYS USERS SECONDS WATCHED_ON";

/// Clients that make friends and part again, each after the answer to the last.
const CLIENTS: usize = 64;

/// How long a change may take to arrive everywhere after the last one was answered.
const ARRIVAL: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts the changes that one gateway hears, and notes the last of them.
#[derive(Default)]
struct Counter {
    changes: AtomicUsize,
    last: AtomicU64,
}

impl Sink for Counter {
    fn deliver(&self, _: &Channel, _: Sighting) {}

    fn changed(&self, changes: &[CircleChange]) {
        self.changes.fetch_add(changes.len(), Ordering::Relaxed);
        for change in changes {
            self.last.fetch_max(change.as_of.position.0, Ordering::Relaxed);
        }
    }

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, _: &[Channel]) {}
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [database, server, gateways, users, seconds, watched_on] = &words[..] else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let numbers = [gateways, users, seconds, watched_on].map(|word| word.parse().unwrap_or(0));
    match run(database, server, numbers).await {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    database: &str,
    server: &str,
    [count, users, seconds, watched_on]: [usize; 4],
) -> Result<String, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    let directory = open(database, &clock, &random).await?;
    let users = make_users(&directory, users).await?;
    let redis = connect(server, &clock, &random).await?;
    let committing = commit_through(&redis, &directory, &clock, &random)?;
    let _turning = tokio::spawn(committing.clone().run());

    let others = watch(&redis, &users, [count, watched_on.min(count)]).await?;
    // Everybody probes and is asked who leads for a while before it counts.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (made, took) = change(&directory, &users, Duration::from_secs(seconds as u64)).await?;
    let head = directory.state().await?.0.position.0;
    let asked = Instant::now();
    while others.iter().map(|(_, c)| c.last.load(Ordering::Relaxed)).max() != Some(head) {
        if asked.elapsed() > ARRIVAL {
            return Err("the last change never arrived".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let arrived: usize = others.iter().map(|(_, c)| c.changes.load(Ordering::Relaxed)).sum();
    let rate = made as f64 / took.as_secs_f64();
    Ok(format!(
        r#"{{"gateways": {count}, "changes": {made}, "changes_per_s": {rate:.0}, "heard": {arrived}, "heard_per_change": {:.2}}}"#,
        arrived as f64 / made as f64
    ))
}

async fn open(
    database: &str,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Directory, Failure> {
    let config =
        postgres::Config { url: database.to_owned().into(), ..postgres::Config::default() };
    postgres::migrate(&config).await?;
    let store = PostgresStore::connect(&config, Arc::clone(clock), Arc::clone(random)).await?;
    Ok(Directory::start(Arc::new(store), clock.clone(), directory::Config::default()))
}

async fn make_users(directory: &Directory, count: usize) -> Result<Vec<UserId>, Failure> {
    let mut making = JoinSet::new();
    let mut users = Vec::with_capacity(count);
    for number in 0..count {
        let user = UserId::parse(&format!("user-{number}"))?;
        users.push(user.clone());
        let directory = directory.clone();
        making.spawn(async move {
            directory.put_user(&user, DisplayName::parse("Somebody").expect("a name")).await
        });
    }
    while let Some(made) = making.join_next().await {
        made??;
    }
    Ok(users)
}

async fn connect(
    server: &str,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Redis, Failure> {
    let (name, url) = ("a".to_owned(), server.to_owned());
    let shard = Server { name, weight: 1, url, password_file: None, tls_ca_file: None };
    let config = Config { shards: vec![shard], ..Config::default() };
    Ok(Redis::connect(config, FixLimit::default(), clock.clone(), random.clone()).await?)
}

/// The gateway whose process commits: it tells the others.
fn commit_through(
    redis: &Redis,
    directory: &Directory,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<Gateway>, Failure> {
    let verifier = Verifier::new(vec![VerifyingKey::hs256("k", &[7; 32])?], "i", "a", 0)?;
    let deps = Deps {
        boards: None,
        history: None,
        clock: clock.clone(),
        random: random.clone(),
        verifier: Arc::new(verifier),
        friends: Arc::new(directory.clone()),
        friends_are_shared: true,
    };
    let gateway = Gateway::new(ws_gateway::Config::default(), deps, |sink| redis.attach(&sink));
    let told = Arc::downgrade(&gateway);
    directory.listen(move |change| match told.upgrade() {
        Some(gateway) => gateway.directory_changed(change),
        None => Box::pin(std::future::ready(())),
    });
    Ok(gateway)
}

/// So many gateways, of which so many watch each user.
async fn watch(
    redis: &Redis,
    users: &[UserId],
    [count, watched_on]: [usize; 2],
) -> Result<Vec<(Arc<dyn Live>, Arc<Counter>)>, Failure> {
    let mut gateways = Vec::with_capacity(count);
    for number in 0..count {
        let counter = Arc::new(Counter::default());
        let live = redis.attach(&(counter.clone() as Arc<dyn Sink>));
        let here = users.iter().enumerate();
        let here = here.filter(|(n, _)| (number + count - n % count) % count < watched_on);
        let channels: Vec<_> = here.map(|(_, user)| Channel::precise(user.clone())).collect();
        live.subscribe(channels).await?;
        gateways.push((live, counter));
    }
    Ok(gateways)
}

/// Makes friends and parts them again for so long; answers how many changes there were, and how long it took.
async fn change(
    directory: &Directory,
    users: &[UserId],
    span: Duration,
) -> Result<(usize, Duration), Failure> {
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let directory = directory.clone();
        let mine: Vec<_> = users.iter().skip(client).step_by(CLIENTS).cloned().collect();
        clients.spawn(async move {
            let mut made = 0;
            for pair in mine.chunks_exact(2).cycle() {
                directory.relate(Verb::Befriend, &pair[0], &pair[1]).await?;
                directory.relate(Verb::Remove, &pair[0], &pair[1]).await?;
                made += 2;
                if began.elapsed() >= span {
                    break;
                }
            }
            Ok::<usize, directory::Error>(made)
        });
    }
    let mut made = 0;
    while let Some(client) = clients.join_next().await {
        made += client??;
    }
    Ok((made, began.elapsed()))
}
