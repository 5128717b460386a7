//! How much of a processor chunks take to be written and read, per point: `cargo run --release -p history-writer --example chunk_speed`.

use std::hint::black_box;
use std::time::Duration;

use history_writer::{
    Chunk, Chunking, ChunkingLimits, LogPosition, Logged, Point, SealedChunk, StoredFix, UserKey,
    limits,
};
use rustix::time::{ClockId, clock_gettime};

use model::{DeviceId, Fix, Monotonic, Position, Random, SeededRandom, Timestamp, UserId, Version};

const CHUNKS: usize = 20_000;
const POINTS: f64 = (CHUNKS * limits::CHUNK_POINTS_MAX) as f64;

/// Chunks of phones that move and tell all they can.
fn chunks() -> Vec<Chunk> {
    let random = SeededRandom::new(3);
    let device = DeviceId::parse("phone").expect("an id");
    let mut fix = StoredFix::from(&Fix::at(Position::new(37.39, -122.08).expect("on Earth")));
    let mut chunk = |number: usize| {
        let points = (0..limits::CHUNK_POINTS_MAX).map(|at| {
            let noise = |range: u64| (random.next_u64() % range) as i32;
            fix.latitude_e7 += noise(5_000) - 2_400;
            fix.longitude_e7 += noise(5_000) - 2_500;
            fix.accuracy_cm = Some(400 + noise(1_000) as u32);
            fix.speed_cmps = Some(100 + noise(200) as u16);
            fix.heading_cdeg = Some(9_000 + noise(3_000) as u16);
            let effective =
                Timestamp(1_700_000_000_000 + at as i64 * 29_900 + i64::from(noise(100)));
            let seq = (number * limits::CHUNK_POINTS_MAX + at) as u64;
            let version = Version { effective, device: device.clone(), seq };
            Point {
                version,
                fix,
                received: effective.plus_ms(50 + i64::from(noise(300))),
                unshown: None,
            }
        });
        Chunk::new(points.collect()).expect("it fits")
    };
    (0..CHUNKS).map(&mut chunk).collect()
}

fn main() {
    let chunks = chunks();
    let (user, key) = (UserId::parse("alice").expect("an id"), UserKey::new([7; 32]));
    for _ in 0..3 {
        let (written, encoded) = measured(|| chunks.iter().map(Chunk::encode).collect::<Vec<_>>());
        let (read, _) =
            measured(|| encoded.iter().map(|bytes| Chunk::decode(bytes)).collect::<Vec<_>>());
        let seal = |chunk| SealedChunk::seal(chunk, &user, &key);
        let (sealed, all) = measured(|| chunks.iter().map(seal).collect::<Vec<_>>());
        let (opened, _) =
            measured(|| all.iter().map(|it| it.open(&user, &key)).collect::<Vec<_>>());
        let bytes: usize = all.iter().map(|it| it.bytes.len()).sum();
        println!(
            "{:.1} bytes a point; ns a point: written {written:.0}, read {read:.0}; sealed too {sealed:.0}, {opened:.0}; \
             gathered {:.0}",
            bytes as f64 / POINTS,
            gathering(&chunks),
        );
    }
}

/// How long one point takes to be gathered into a chunk, nanoseconds, with a chunk of each of many users open.
fn gathering(chunks: &[Chunk]) -> f64 {
    let users = (0..chunks.len()).map(|at| UserId::parse(&format!("user-{at}")).expect("an id"));
    let users: Vec<_> = users.collect();
    let mut log = Vec::new();
    for at in 0..limits::CHUNK_POINTS_MAX {
        for (chunk, user) in chunks.iter().zip(&users) {
            let (position, point) = (LogPosition(log.len() as u64), chunk.points()[at].clone());
            log.push(Logged { position, user: user.clone(), point });
        }
    }
    let mut chunking = Chunking::new(ChunkingLimits::default());
    measured(|| {
        for logged in log {
            chunking.add(Monotonic(0), logged);
            while let Some(closed) = chunking.next_closed() {
                chunking.stored(closed.ticket);
            }
        }
    })
    .0
}

/// What something takes of a processor, nanoseconds a point, and what comes of it.
fn measured<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let started = used();
    let done = black_box(work());
    (used().saturating_sub(started).as_nanos() as f64 / POINTS, done)
}

/// What this process has used of processors so far.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
