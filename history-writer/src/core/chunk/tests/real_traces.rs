//! What real movement takes at rest (data/README.md says where it is from).

use std::collections::BTreeMap;
use std::io::Read;

use model::{Random, SeededRandom};

use super::*;

const TRACES: &[u8] = include_bytes!("../../../../../data/traces.csv.gz");
const DAY: &[u8] = include_bytes!("../../../../../data/city_day.csv.gz");

/// How often a phone reports.
const INTERVAL_MS: i64 = 30_000;
/// The nonce and the tag of sealing; and what Cassandra has of a row beside its value: clustering key, timestamps, lengths.
const SEALING_BYTES: usize = 12 + 16;
const ROW_BYTES: usize = 40;

/// The fixes of each user in the file's order: time in milliseconds, latitude, longitude.
fn fixes(gzip: &[u8]) -> BTreeMap<String, Vec<(i64, f64, f64)>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(gzip).read_to_string(&mut text).expect("text in gzip");
    let mut users: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().expect("a number");
        let time_ms = (number(1) * 1_000.0).round() as i64;
        users.entry(fields[0].to_owned()).or_default().push((time_ms, number(2), number(3)));
    }
    users
}

/// The points of a phone that made these fixes and sent each as soon as it could.
fn points(device: &str, fixes: &[(i64, f64, f64)]) -> Vec<Point> {
    let random = SeededRandom::new(11);
    let device = DeviceId::parse(device).expect("an id");
    let sent = fixes.iter().zip(1..).map(|((time_ms, latitude, longitude), seq)| {
        let version = Version { effective: Timestamp(*time_ms), device: device.clone(), seq };
        let fix = Fix::at(Position::new(*latitude, *longitude).expect("on Earth"));
        // A mobile network takes from 40 ms to some seconds, mostly little.
        let delay_ms = 40 + (random.next_u64() % 250) + (random.next_u64() % 50).pow(2);
        let received = Timestamp(time_ms + delay_ms as i64);
        let unshown = random.next_u64().is_multiple_of(100).then_some(Unshown::Older);
        Point::new(version, &fix, received, unshown)
    });
    sent.collect()
}

/// Cuts points in order into chunks as full as they can be.
fn chunks(points: Vec<Point>) -> Vec<Chunk> {
    let mut cut: Vec<Vec<Point>> = Vec::new();
    for point in points {
        match cut.last_mut() {
            Some(last)
                if last.len() < CHUNK_POINTS_MAX
                    && Chunk::may_hold(last[0].effective(), point.effective()) =>
            {
                last.push(point);
            }
            _ => cut.push(vec![point]),
        }
    }
    cut.into_iter().map(|points| Chunk::new(points).expect("it fits")).collect()
}

/// Bytes a point at rest, of the fixes that are at least `interval_ms` apart.
fn bytes_a_point(gzip: &[u8], interval_ms: i64) -> f64 {
    let (mut bytes, mut count, mut rows) = (0, 0, 0);
    for (user, mut fixes) in fixes(gzip) {
        let mut last = i64::MIN;
        fixes.retain(|(time_ms, ..)| {
            let is_due = time_ms.saturating_sub(last) >= interval_ms;
            last = if is_due { *time_ms } else { last };
            is_due
        });
        for chunk in chunks(points(&user, &fixes)) {
            let encoded = chunk.encode();
            bytes += encoded.len() + SEALING_BYTES + ROW_BYTES;
            count += chunk.points().len();
            rows += 1;
            assert_eq!(Chunk::decode(&encoded), Ok(chunk));
        }
    }
    let each = bytes as f64 / count as f64;
    println!("{count} points every {interval_ms} ms in {rows} chunks: {each:.2} bytes each");
    each
}

#[test]
fn real_movement_takes_few_bytes_a_point() {
    let all = [(TRACES, INTERVAL_MS), (DAY, INTERVAL_MS), (TRACES, 0)];
    let all = all.map(|(gzip, interval_ms)| bytes_a_point(gzip, interval_ms));
    assert!(all[0] < 13.0 && all[1] < 12.0 && all[2] < 10.0, "{all:?}");
}

#[test]
fn positions_come_back_equal_to_the_file() {
    for (user, fixes) in fixes(TRACES) {
        let kept = chunks(points(&user, &fixes)).into_iter();
        let kept =
            kept.flat_map(|chunk| Chunk::decode(&chunk.encode()).expect("a chunk").into_points());
        let read: Vec<_> = kept
            .map(|point| {
                let position = point.fix.position();
                (point.effective().0, position.latitude(), position.longitude())
            })
            .collect();
        assert_eq!(read, fixes, "{user}");
    }
}
