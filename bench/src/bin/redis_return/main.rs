//! How long many gateways take to be whole again after a Redis server restarted: `bench/return` says how to run it.
//!
//! Every gateway is a real adapter with two connections of its own; what it hears is counted and dropped.

mod report;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use model::{Clock, DeviceId, Fix, Position, Random, SeededRandom, SystemClock, UserId, Version};
use report::Report;
use ws_gateway::live::redis::{Config, Redis, Server};
use ws_gateway::live::{Channel, FixLimit, Live, Sink};
use ws_gateway::{CircleChange, Presence, Record, Sighting};

const USAGE: &str = "redis_return PORT GATEWAYS SUBSCRIPTIONS USERS ANNOUNCED";

/// How long anything may take at most.
const DEADLINE: Duration = Duration::from_mins(10);

/// How often it is looked whether all are back, and whether a server answers.
const LOOK: Duration = Duration::from_millis(50);

/// How often it is told how gateways do.
const TELL: Duration = Duration::from_secs(5);

/// How long an announced position holds, milliseconds.
const TTL_MS: u64 = 3_600_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts what one gateway is told.
#[derive(Default)]
struct Counter {
    gaps: AtomicUsize,
    delivered: AtomicUsize,
}

impl Sink for Counter {
    fn deliver(&self, _: &Channel, _: Sighting) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    fn changed(&self, _: &[CircleChange]) {}

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, channels: &[Channel]) {
        self.gaps.fetch_add(channels.len(), Ordering::Relaxed);
    }
}

struct Gateway {
    live: Arc<dyn Live>,
    counter: Arc<Counter>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Option<Vec<usize>> = words.iter().map(|word| word.parse().ok()).collect();
    let done = match numbers.as_deref() {
        Some([port, gateways, subscriptions, users, announced]) => {
            run(*port as u16, *gateways, *subscriptions, *users, *announced).await
        }
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(report) => {
            println!("{}", report.to_json());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    port: u16,
    count: usize,
    subscriptions: usize,
    users: usize,
    announced: usize,
) -> Result<Report, Failure> {
    let mut server = start_server(port).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    let url = format!("redis://127.0.0.1:{port}");
    let shard =
        Server { name: "a".to_owned(), weight: 1, url, password_file: None, tls_ca_file: None };
    let config = Config { shards: vec![shard], ..Config::default() };
    let redis = Redis::connect(config, FixLimit::default(), clock.clone(), random.clone()).await?;
    let channels = (0..users)
        .map(|n| Ok(Channel::precise(UserId::parse(&format!("user-{n}"))?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let mut gateways = Vec::with_capacity(count);
    for _ in 0..count {
        let counter = Arc::new(Counter::default());
        let live = redis.attach(&(counter.clone() as Arc<dyn Sink>));
        gateways.push(Gateway { live, counter });
    }
    let began = Instant::now();
    for gateway in &gateways {
        let wanted = some_of(&channels, subscriptions, &*random);
        subscribe(gateway, wanted).await?;
    }
    eprintln!("{count} gateways have subscribed after {:?}", began.elapsed());
    for (n, channel) in channels.iter().take(announced).enumerate() {
        gateways[n % count].live.announce(sighting(channel, &*clock)?, 0).await?;
    }

    server.kill()?;
    server.wait()?;
    until("the loss is noticed", || gateways.iter().all(|g| g.live.fault().is_some())).await?;
    let mut server = start_server(port).await?;
    let back = Instant::now();
    let mut whole = vec![None; count];
    let mut told = Instant::now();
    let result = until("all are whole again", || {
        if told.elapsed() > TELL {
            told = Instant::now();
            eprintln!("after {:?}: {}", back.elapsed(), faults(&gateways));
        }
        for (gateway, whole) in gateways.iter().zip(&mut whole) {
            if whole.is_none() && gateway.counter.gaps.load(Ordering::Relaxed) > 0 {
                *whole = Some(back.elapsed());
            }
        }
        whole.iter().all(Option::is_some)
    })
    .await;
    let mut stats = redis::Client::open(format!("redis://127.0.0.1:{port}"))?.get_connection()?;
    let info: String = redis::cmd("INFO").query(&mut stats)?;
    let broken = gateways.iter().filter(|gateway| gateway.live.fault().is_some()).count();
    let told = gateways.iter().map(|g| g.counter.gaps.load(Ordering::Relaxed)).sum();
    server.kill()?;
    server.wait()?;
    result?;
    Ok(Report::new(
        &whole.into_iter().flatten().collect::<Vec<_>>(),
        subscriptions,
        told,
        broken,
        &info,
    ))
}

/// What gateways say is wrong, with how many say so.
fn faults(gateways: &[Gateway]) -> String {
    let mut counts = BTreeMap::new();
    for gateway in gateways {
        *counts.entry(gateway.live.fault().unwrap_or_else(|| "whole".to_owned())).or_insert(0) += 1;
    }
    format!("{counts:?}")
}

async fn subscribe(gateway: &Gateway, wanted: Vec<Channel>) -> Result<(), Failure> {
    // Thousands at once take the server longer than the patience of one call; the wish stays.
    let began = Instant::now();
    while gateway.live.subscribe(wanted.clone()).await.is_err() {
        if began.elapsed() > DEADLINE {
            return Err("a gateway never subscribed".into());
        }
    }
    Ok(())
}

/// So many different ones, beginning anywhere.
fn some_of(channels: &[Channel], count: usize, random: &dyn Random) -> Vec<Channel> {
    let start = (random.next_u64() % channels.len() as u64) as usize;
    channels.iter().cycle().skip(start).take(count.min(channels.len())).cloned().collect()
}

fn sighting(channel: &Channel, clock: &dyn Clock) -> Result<(Channel, Sighting), Failure> {
    let now = clock.now();
    let version = Version { effective: now.wall, device: DeviceId::parse("phone")?, seq: 1 };
    let position = Position::new(36.1, -115.2).map_err(|_| "a position on Earth")?;
    let here = Presence::Here(Fix::at(position));
    let record = Record::new(channel.user.clone(), version, here, now.monotonic);
    let expires = now.monotonic.plus_ms(TTL_MS);
    Ok((channel.clone(), Sighting { record: Arc::new(record), expires }))
}

async fn start_server(port: u16) -> Result<Child, Failure> {
    let port_word = port.to_string();
    let words = ["--bind", "127.0.0.1", "--port", &port_word, "--save", "", "--appendonly", "no"];
    let server = Command::new("redis-server").args(words).stdout(Stdio::null()).spawn()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    until("redis-server listens", || TcpStream::connect(address).is_ok()).await?;
    Ok(server)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failure> {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > DEADLINE {
            return Err(format!("it never happens that {what}").into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
