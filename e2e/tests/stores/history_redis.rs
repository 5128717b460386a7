//! The log of movement history in streams of a real Redis server: what only a server, or another process, can do to it.

use std::sync::Arc;
use std::time::Duration;

use api::SystemRandom;
use e2e::DEADLINE;
use e2e::servers::Redis;
use history_writer::streams::{self, Config, Leases, ReadingDeps, ServerConfig, StreamsLog};
use history_writer::{Log, LogError, LogPosition, LogReader, OwnedLog, Point, Survives};
use model::{Clock, DeviceId, Fix, ManualClock, Position, SystemClock, Timestamp, UserId, Version};
use tokio::time::{sleep, timeout};

const START: i64 = 1_700_000_000_000;
/// How long a log keeps what is stored, milliseconds.
const FORGET_AFTER_MS: u64 = 60_000;

fn config(server: &Redis, streams: u32) -> Config {
    let (name, url) = ("a".to_owned(), server.url());
    Config {
        streams_per_server: streams,
        patience_ms: 500,
        servers: vec![ServerConfig {
            name,
            weight: 1,
            url,
            password_file: None,
            tls_ca_file: None,
        }],
        ..Config::default()
    }
}

async fn append_to(config: &Config) -> StreamsLog {
    StreamsLog::connect(config, &SystemRandom).await.expect("the server is there")
}

fn read(config: &Config, clock: Arc<dyn Clock>) -> Arc<Leases> {
    let (recent_bytes_max, forget_after_ms) = (1 << 20, FORGET_AFTER_MS);
    let random = Arc::new(SystemRandom);
    let deps = ReadingDeps { recent_bytes_max, forget_after_ms, clock, random };
    streams::read(config, &deps).expect("settings that can work")
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp(START)))
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(DEADLINE, work).await.expect("in time")
}

/// The streams that a process reads, once these are so many.
async fn owned(leases: &Leases, number: usize) -> Vec<OwnedLog> {
    let logs = leases.owned();
    let has = async {
        while logs.now().len() != number {
            sleep(Duration::from_millis(10)).await;
        }
    };
    within(has).await;
    logs.now().to_vec()
}

async fn only(leases: &Leases) -> Arc<dyn LogReader> {
    owned(leases, 1).await.remove(0).log
}

fn user(n: u64) -> UserId {
    UserId::parse(&format!("user-{n}")).expect("an id")
}

fn point(n: u64) -> Point {
    let received = Timestamp(START + n as i64);
    let device = DeviceId::parse("phone").expect("a device");
    let version = Version { effective: received, device, seq: n };
    let fix = Fix::at(Position::new(n as f64 / 1e6, 11.5).expect("on Earth"));
    Point::new(version, &fix, received, None)
}

async fn append(log: &StreamsLog, numbers: std::ops::Range<u64>) {
    for n in numbers {
        log.append(&user(n % 7), &[point(n)]).await.expect("appended");
    }
}

/// The numbers of all points that a log has, sorted.
async fn numbers(log: &dyn LogReader) -> Vec<u64> {
    let (mut all, mut from) = (Vec::new(), log.replay_from());
    loop {
        let read = log.read(from, 1_000).await.expect("read");
        if read.points.is_empty() {
            all.sort_unstable();
            return all;
        }
        all.extend(read.points.iter().map(|it| it.point.version.seq));
        from = read.next;
    }
}

#[tokio::test]
async fn processes_share_streams_and_take_over_what_one_leaves() {
    let server = Redis::start_durable().await;
    let config = config(&server, 5);
    let log = append_to(&config).await;
    append(&log, 0..50).await;
    let first = read(&config, clock());
    assert_eq!(owned(&first, 5).await.len(), 5, "alone it has all");
    let second = read(&config, clock());
    let (some, others) = (owned(&second, 2).await, owned(&first, 3).await);
    let mut all = Vec::new();
    for owned in some.iter().chain(&others) {
        all.extend(numbers(&*owned.log).await);
    }
    all.sort_unstable();
    assert_eq!(all, (0..50).collect::<Vec<_>>());
    drop((some, others));
    first.stop().await;
    assert_eq!(owned(&second, 5).await.len(), 5);
    // One that is killed gives nothing back.
    let third = read(&config, clock());
    owned(&third, 2).await;
    second.abandon();
    owned(&third, 5).await;
}

#[tokio::test]
async fn what_a_process_tells_that_lost_its_lease_does_not_count() {
    let server = Redis::start_durable().await;
    let config = config(&server, 1);
    let log = append_to(&config).await;
    append(&log, 0..20).await;
    let (stale, clock) = (read(&config, clock()), clock());
    let reader = only(&stale).await;
    assert_eq!(numbers(&*reader).await.len(), 20);
    stale.abandon();
    let next = read(&config, clock.clone());
    let newer = only(&next).await;
    let end = reader.status().end;
    for _ in 0..2 {
        let told = reader.forget(end).await;
        assert!(matches!(told, Err(LogError::Stopped(_))), "{told:?}");
        clock.advance_ms(FORGET_AFTER_MS);
    }
    assert_eq!(numbers(&*newer).await.len(), 20, "nothing of it is gone");
    assert_eq!(server.run::<u64>("XLEN whereabouts:history:0").await, 2 * 10);
}

#[tokio::test]
async fn only_what_is_stored_is_removed_and_tools_see_how_far_it_is() {
    let server = Redis::start_durable().await;
    let config = config(&server, 1);
    let (log, clock) = (append_to(&config).await, clock());
    append(&log, 0..200).await;
    let leases = read(&config, clock.clone());
    let reader = only(&leases).await;
    numbers(&*reader).await;
    reader.forget(LogPosition(150)).await.expect("told");
    assert_eq!(lag(&server).await, 200 - 128, "in steps of 64 entries");
    clock.advance_ms(FORGET_AFTER_MS);
    reader.forget(LogPosition(190)).await.expect("told");
    assert_eq!(server.run::<u64>("XLEN whereabouts:history:0").await, 200 - 128);
    assert_eq!(numbers(&*reader).await, (149..200).collect::<Vec<_>>());
    let end = reader.status().end;
    reader.forget(end).await.expect("told");
    assert_eq!(lag(&server).await, 0);
    for _ in 0..2 {
        clock.advance_ms(FORGET_AFTER_MS);
        reader.forget(end).await.expect("told");
    }
    assert_eq!(server.run::<u64>("XLEN whereabouts:history:0").await, 0);
    assert_eq!(reader.status().bytes, 0);
    append(&log, 200..203).await;
    assert_eq!(numbers(&*reader).await, [200, 201, 202]);
}

/// The entries of the stream that aren't stored, as Redis says.
async fn lag(server: &Redis) -> i64 {
    let groups: Vec<std::collections::BTreeMap<String, redis::Value>> =
        server.run("XINFO GROUPS whereabouts:history:0").await;
    redis::from_redis_value(groups[0]["lag"].clone()).expect("a number")
}

#[tokio::test]
async fn an_entry_that_can_not_be_read_is_put_aside_and_the_rest_is_read() {
    let server = Redis::start_durable().await;
    let config = config(&server, 1);
    let log = append_to(&config).await;
    append(&log, 0..3).await;
    // Three points of it, as the server would number them, and nothing that we write.
    server.run::<String>("XADD whereabouts:history:0 4-0 points 3 data damaged").await;
    server.run::<u64>("HINCRBY whereabouts:history:known:0 next 3").await;
    append(&log, 3..6).await;
    let clock = clock();
    clock.advance_ms(60_000);
    let leases = read(&config, clock.clone());
    let reader = only(&leases).await;
    for _ in 0..2 {
        assert_eq!(numbers(&*reader).await, (0..6).collect::<Vec<_>>());
    }
    assert_eq!(server.run::<u64>("XLEN whereabouts:history:aside:0").await, 1);
    // Tracks lack what was received between the points before it and now, and no others.
    let lost = reader.take_lost();
    let lacks = |ms| lost.iter().any(|range| range.contains(Timestamp(START + ms)));
    assert!(lost.len() == 1 && lacks(3) && lacks(60_000), "{lost:?}");
    assert!(!lacks(-60_000) && !lacks(61_000), "{lost:?}");
    assert_eq!(reader.take_lost(), []);
    let end = reader.status().end;
    reader.forget(end).await.expect("told");
    assert_eq!(lag(&server).await, 0, "nobody waits for it");
}

#[tokio::test]
async fn a_full_stream_takes_nothing_until_there_is_room() {
    let server = Redis::start_durable().await;
    let config = Config { stream_bytes_max: 1 << 20, ..config(&server, 1) };
    let (log, clock) = (append_to(&config).await, clock());
    // Such that nothing repeats: entries would pack that together.
    let mixed = |n: u64| (n ^ (n >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let scattered = |n: u64| point((mixed(mixed(n)) >> 30) % 80_000_000);
    let mut appended = 0;
    let refused = loop {
        let points: Vec<_> = (0..1_000).map(|n| scattered(appended + n)).collect();
        match log.append(&user(1), &points).await {
            Ok(_) => appended += 1_000,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, LogError::Full);
    let leases = read(&config, clock.clone());
    let reader = only(&leases).await;
    assert_eq!(numbers(&*reader).await.len() as u64, appended);
    let status = reader.status();
    assert!(status.bytes > 1 << 19 && status.bytes <= status.bytes_max, "{status:?}");
    for _ in 0..2 {
        reader.forget(status.end).await.expect("told");
        clock.advance_ms(FORGET_AFTER_MS);
    }
    reader.forget(status.end).await.expect("told");
    append(&log, 0..10).await;
}

#[tokio::test]
async fn what_a_server_answered_survives_it_and_without_it_points_are_refused_at_once() {
    let mut server = Redis::start_durable().await;
    let config = config(&server, 2);
    let log = append_to(&config).await;
    append(&log, 0..100).await;
    assert_eq!(log.survives(&user(1)), Survives::PowerCut, "it syncs, and is on this machine");
    server.kill();
    for _ in 0..3 {
        let refused = within(log.append(&user(1), &[point(100)])).await;
        assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    }
    server.start_again().await;
    let back = async {
        while log.append(&user(1), &[point(101)]).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    within(back).await;
    let leases = read(&config, Arc::new(SystemClock::start()));
    let mut all = Vec::new();
    for owned in owned(&leases, 2).await {
        all.extend(numbers(&*owned.log).await);
    }
    all.sort_unstable();
    all.dedup();
    all.retain(|n| *n != 100);
    assert_eq!(all, (0..100).chain([101]).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_would_lose_points_is_told_of() {
    for (settings, survives, said) in [
        (&["--appendonly", "yes", "--appendfsync", "always"][..], Survives::PowerCut, ""),
        (&["--appendonly", "yes"], Survives::Process, "set appendfsync always"),
        (&[], Survives::Process, "set appendonly yes"),
        (&["--rename-command", "CONFIG", ""], Survives::Process, "allow the user CONFIG GET"),
    ] {
        let server = Redis::start_with(settings).await;
        let config = config(&server, 1);
        let log = append_to(&config).await;
        append(&log, 0..1).await;
        assert_eq!(log.survives(&user(0)), survives, "{settings:?}");
        let flaws = streams::check(&config.servers[0], &config).await.expect("it answers");
        assert_eq!(flaws.is_empty(), said.is_empty(), "{flaws:?}");
        assert!(flaws.join(" ").contains(said), "{flaws:?}");
    }
}
