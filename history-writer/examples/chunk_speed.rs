//! How much of a processor chunks take to be written and read, per point: `cargo run --release -p history-writer --example chunk_speed`.

use std::hint::black_box;
use std::time::Duration;

use history_writer::{Chunk, Point, StoredFix, limits};
use rustix::time::{ClockId, clock_gettime};

use model::{DeviceId, Fix, Position, Random, SeededRandom, Timestamp, Version};

const CHUNKS: usize = 2_000;

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
    let points = (CHUNKS * limits::CHUNK_POINTS_MAX) as f64;
    for _ in 0..3 {
        let started = used();
        let encoded: Vec<_> = chunks.iter().map(|chunk| black_box(chunk).encode()).collect();
        let written = used().saturating_sub(started);
        let started = used();
        for bytes in &encoded {
            black_box(Chunk::decode(black_box(bytes)).expect("a chunk"));
        }
        let read = used().saturating_sub(started);
        let bytes: usize = encoded.iter().map(Vec::len).sum();
        println!(
            "{:.1} bytes a point, written in {:.0} ns, read in {:.0} ns",
            bytes as f64 / points,
            written.as_nanos() as f64 / points,
            read.as_nanos() as f64 / points,
        );
    }
}

/// What this process has used of processors so far.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
