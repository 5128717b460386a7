//! How much of a processor the log takes to keep and read points, per point: `cargo run --release -p history-writer --example
//! log_speed`. The log lies in a folder of its own in `TMPDIR`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use history_writer::embedded::{Config, EmbeddedLog};
use history_writer::{Answer, Log, LogPosition, LogReader, Point, StoredFix};
use model::{
    DeviceId, Fix, Position, Random, SeededRandom, SystemClock, Timestamp, UserId, Version,
};
use rustix::time::{ClockId, clock_gettime};

const POINTS: usize = 2_000_000;
const USERS: usize = 20_000;

/// Points of phones that move and tell all they can, each of another user than the one before, a user's ids as they are
/// mostly: UUIDs.
fn points() -> Vec<(UserId, Point)> {
    let random = SeededRandom::new(3);
    let noise = |range: u64| (random.next_u64() % range) as i32;
    let user = || {
        let (a, b) = (random.next_u64(), random.next_u64());
        let text = format!("{a:016x}{b:016x}");
        let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
        UserId::parse(&parts.join("-")).expect("an id")
    };
    let users: Vec<_> = (0..USERS).map(|_| user()).collect();
    let device = DeviceId::parse("phone").expect("an id");
    let position = || Position::new(f64::from(noise(90)), f64::from(noise(180))).expect("on Earth");
    let mut fixes: Vec<_> = users.iter().map(|_| StoredFix::from(&Fix::at(position()))).collect();
    let point = |n: usize| {
        let fix = &mut fixes[n % USERS];
        fix.latitude_e7 += noise(5_000) - 2_400;
        fix.longitude_e7 += noise(5_000) - 2_500;
        fix.accuracy_cm = Some(400 + noise(1_000) as u32);
        fix.speed_cmps = Some(100 + noise(200) as u16);
        fix.heading_cdeg = Some(9_000 + noise(3_000) as u16);
        let received = Timestamp(1_700_000_000_000 + n as i64 / 100);
        let effective = received.plus_ms(-i64::from(noise(500)));
        let version = Version { effective, device: device.clone(), seq: (n / USERS) as u64 };
        let point = Point { version, fix: *fix, received, unshown: None };
        (users[n % USERS].clone(), point)
    };
    (0..POINTS).map(point).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let points = points();
    for _ in 0..3 {
        for outstanding in [1, 64, 1_000] {
            singles(&points[..POINTS.min(outstanding * 2_000)], outstanding).await;
        }
        batches(&points, 1_000).await;
    }
}

async fn open() -> (tempfile::TempDir, EmbeddedLog) {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_in(folder.path()).await;
    (folder, log)
}

async fn open_in(folder: &Path) -> EmbeddedLog {
    let clock = Arc::new(SystemClock::start());
    EmbeddedLog::open(folder, Config::default(), clock).await.expect("opens")
}

/// Each point in a call of its own, so many of them waited for at a time.
async fn singles(points: &[(UserId, Point)], outstanding: usize) {
    let (_folder, log) = open().await;
    let measure = Measure::start(points.len());
    let mut waiting: FuturesUnordered<Answer<'static, LogPosition>> = FuturesUnordered::new();
    for (user, point) in points {
        if waiting.len() == outstanding {
            waiting.next().await.expect("one waits").expect("appended");
        }
        waiting.push(log.append(user, std::slice::from_ref(point)));
    }
    while let Some(position) = waiting.next().await {
        position.expect("appended");
    }
    measure.tell(&format!("{outstanding} single points at a time"), &log);
}

/// A user's points together, and then read.
async fn batches(points: &[(UserId, Point)], size: usize) {
    let (folder, log) = open().await;
    let batches: Vec<Vec<Point>> = points
        .chunks(size)
        .map(|batch| batch.iter().map(|(_, point)| point.clone()).collect())
        .collect();
    let measure = Measure::start(points.len());
    let mut waiting: FuturesUnordered<Answer<'static, LogPosition>> = FuturesUnordered::new();
    for (batch, (user, _)) in batches.iter().zip(points) {
        if waiting.len() == 64 {
            waiting.next().await.expect("one waits").expect("appended");
        }
        waiting.push(log.append(user, batch));
    }
    while let Some(position) = waiting.next().await {
        position.expect("appended");
    }
    measure.tell(&format!("batches of {size}"), &log);
    let measure = Measure::start(points.len());
    let mut next = LogPosition(1);
    while next < log.status().end {
        next = log.read(next, 4_096).await.expect("read").next;
    }
    measure.tell("read", &log);
    drop(log);
    let measure = Measure::start(points.len());
    let log = open_in(folder.path()).await;
    measure.tell("opened again", &log);
}

struct Measure {
    points: f64,
    started: Instant,
    cpu: Duration,
}

impl Measure {
    fn start(points: usize) -> Self {
        Self { points: points as f64, started: Instant::now(), cpu: cpu() }
    }

    fn tell(&self, what: &str, log: &EmbeddedLog) {
        let each = |took: Duration| took.as_nanos() as f64 / self.points;
        let (cpu, passed) = (each(cpu().saturating_sub(self.cpu)), each(self.started.elapsed()));
        let bytes = log.status().bytes as f64 / self.points;
        println!("{what}: {cpu:.0} ns of CPU a point, {passed:.0} ns, {bytes:.1} bytes");
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
