//! How many points a second one processor reads from sealed chunks and writes in each format, page by page, and reads back from CSV:
//! `cargo run --release -p history-writer --example track_speed`.

use std::hint::black_box;
use std::time::Duration;

use history_writer::{
    Chunk, Direction, Erasures, ImportFormat, PageBuilder, Point, SealedChunk, StoredFix,
    TimeRange, TrackFormat, TrackQuery, TrackReader, TrackWriter, UserKey, limits,
};
use model::{DeviceId, Fix, Position, Random, SeededRandom, Timestamp, UserId, Version};
use rustix::time::{ClockId, clock_gettime};

const CHUNKS: usize = 20_000;
/// How many points are held at once.
const PAGE_POINTS: usize = 4_096;

/// More than a year of a phone that moves and tells what most phones do.
fn chunks(user: &UserId, key: &UserKey) -> Vec<SealedChunk> {
    let random = SeededRandom::new(3);
    let device = DeviceId::parse("phone").expect("an id");
    let mut fix = StoredFix::from(&Fix::at(Position::new(37.39, -122.08).expect("on Earth")));
    let mut chunk = |number: usize| {
        let points = (0..limits::CHUNK_POINTS_MAX).map(|at| {
            let noise = |range: u64| (random.next_u64() % range) as i32;
            fix.latitude_e7 = (fix.latitude_e7 + noise(5_000) - 2_500) / 10 * 10;
            fix.longitude_e7 = (fix.longitude_e7 + noise(5_000) - 2_500) / 10 * 10;
            fix.accuracy_cm = Some(400 + noise(1_000) as u32);
            fix.speed_cmps = Some(100 + noise(200) as u16);
            fix.heading_cdeg = Some(9_000 + noise(3_000) as u16);
            let start = limits::BUCKET_MS * (2_800 + number as i64 / 300);
            let begin = start + (number as i64 % 300) * limits::CHUNK_SPAN_MS_MAX;
            let effective = Timestamp(begin + at as i64 * 29_900 + i64::from(noise(100)));
            let seq = (number * limits::CHUNK_POINTS_MAX + at) as u64;
            let version = Version { effective, device: device.clone(), seq };
            let received = effective.plus_ms(50 + i64::from(noise(300)));
            Point { version, fix, received, unshown: None }
        });
        let chunk = Chunk::new(points.collect()).expect("it fits");
        SealedChunk::seal(&chunk, user, key)
    };
    (0..CHUNKS).map(&mut chunk).collect()
}

/// Reads all of the track in pages and hands each to `take`.
fn read(chunks: &[SealedChunk], user: &UserId, key: &UserKey, mut take: impl FnMut(&[Point])) {
    let erasures = Erasures::new();
    let direction = Direction::Ascending;
    let mut query =
        TrackQuery { range: TimeRange::ALL, direction, limit: PAGE_POINTS, after: None };
    loop {
        let starts = query.chunk_starts();
        let from = chunks.partition_point(|chunk| chunk.first < starts.from);
        let mut page = PageBuilder::new(query.clone(), &erasures);
        for sealed in &chunks[from..] {
            if !page.may_want(sealed.first) {
                break;
            }
            page.add(sealed.open(user, key).expect("sealed by this key").into_points());
        }
        let page = page.finish();
        take(&page.points);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return,
        }
    }
}

fn main() {
    let (user, key) = (UserId::parse("alice").expect("an id"), UserKey::new([7; 32]));
    let chunks = chunks(&user, &key);
    for _ in 0..3 {
        measured("read", || {
            read(&chunks, &user, &key, |points| {
                black_box(points);
            });
        });
        let mut csv = Vec::new();
        for format in TrackFormat::ALL {
            csv = measured(format.as_str(), || {
                let mut writer = TrackWriter::new(*format, user.clone());
                // As a file's would be, written out now and then; only CSV is kept.
                let (mut out, mut all) = (Vec::new(), Vec::new());
                writer.begin(&mut out);
                read(&chunks, &user, &key, |points| {
                    for point in points {
                        writer.point(point, &mut out);
                    }
                    if *format == TrackFormat::Csv {
                        all.extend_from_slice(&out);
                    }
                    black_box(&out);
                    out.clear();
                });
                all
            });
        }
        measured("import of csv", || {
            let mut reader = TrackReader::new(ImportFormat::Csv, Vec::new());
            let mut found = Vec::new();
            for piece in csv.chunks(64 * 1_024) {
                reader.read(piece, &mut found).expect("CSV");
                black_box(&found);
                found.clear();
            }
        });
    }
}

fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = used();
    let done = work();
    let seconds = used().saturating_sub(started).as_secs_f64();
    let points = (CHUNKS * limits::CHUNK_POINTS_MAX) as f64;
    println!("{what:>14}: {:>5.2} million points a second", points / seconds / 1e6);
    done
}

/// What this process has used of processors so far.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
