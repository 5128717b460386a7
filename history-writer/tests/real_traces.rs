//! What becomes of real movement (data/README.md says where it is from): through chunks, sealed, and back as a track.

use std::collections::BTreeMap;
use std::io::Read;

use history_writer::{
    Chunking, ChunkingLimits, ClosedChunk, Direction, Erasures, ImportFormat, LogPosition, Logged,
    Numbering, PageBuilder, Point, SealedChunk, TimeRange, TrackFormat, TrackQuery, TrackReader,
    TrackWriter, Unshown, UserKey,
};
use model::{DeviceId, Fix, Monotonic, Position, Random, SeededRandom, Timestamp, UserId, Version};

const TRACES: &[u8] = include_bytes!("../../data/traces.csv.gz");
const DAY: &[u8] = include_bytes!("../../data/city_day.csv.gz");

/// How often a phone reports.
const INTERVAL_MS: i64 = 30_000;
/// What a store has of a row beside its value: the user's part, the bucket and the beginning as its key, timestamps, lengths.
const ROW_BYTES: usize = 40;

/// A fix as it stands in a file: milliseconds, degrees north, degrees east.
type Row = (i64, f64, f64);

fn text(gzip: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(gzip).read_to_string(&mut text).expect("text in gzip");
    text
}

/// The fixes of each user in the file's order.
fn rows(gzip: &[u8]) -> BTreeMap<String, Vec<Row>> {
    let text = text(gzip);
    let mut users: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().expect("a number");
        let time_ms = (number(1) * 1_000.0).round() as i64;
        users.entry(fields[0].to_owned()).or_default().push((time_ms, number(2), number(3)));
    }
    users
}

/// The points of a phone that made these fixes and sent each as soon as it could.
fn points(device: &str, rows: &[Row]) -> Vec<Point> {
    let random = SeededRandom::new(11);
    let device = DeviceId::parse(device).expect("an id");
    let sent = rows.iter().zip(1..).map(|((time_ms, latitude, longitude), seq)| {
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

/// The chunks that are stored of points which come when they are made.
fn sealed(user: &UserId, key: &UserKey, points: Vec<Point>) -> Vec<SealedChunk> {
    let mut chunking = Chunking::new(ChunkingLimits::default());
    let start = points[0].received;
    for (point, position) in points.into_iter().zip(0..) {
        let now = Monotonic((point.received - start).max(0) as u64);
        chunking.close_aged(now);
        chunking.add(now, Logged { position: LogPosition(position), user: user.clone(), point });
    }
    chunking.close_all();
    let closed = std::iter::from_fn(|| chunking.next_closed());
    closed.map(|ClosedChunk { user, chunk, .. }| SealedChunk::seal(&chunk, &user, key)).collect()
}

/// Bytes a point at rest, of the fixes that are at least `interval_ms` apart.
fn bytes_a_point(gzip: &[u8], interval_ms: i64) -> f64 {
    let key = UserKey::new([7; 32]);
    let (mut bytes, mut count, mut chunks) = (0, 0, 0);
    for (name, mut rows) in rows(gzip) {
        let mut last = i64::MIN;
        rows.retain(|(time_ms, ..)| {
            let is_due = time_ms.saturating_sub(last) >= interval_ms;
            last = if is_due { *time_ms } else { last };
            is_due
        });
        count += rows.len();
        let user = UserId::parse(&name).expect("an id");
        for sealed in sealed(&user, &key, points(&name, &rows)) {
            bytes += sealed.bytes.len() + ROW_BYTES;
            chunks += 1;
        }
    }
    let each = bytes as f64 / count as f64;
    println!("{count} points every {interval_ms} ms in {chunks} chunks: {each:.2} bytes each");
    each
}

#[test]
fn real_movement_takes_few_bytes_a_point() {
    let all = [(TRACES, INTERVAL_MS), (DAY, INTERVAL_MS), (TRACES, 0)];
    let all = all.map(|(gzip, interval_ms)| bytes_a_point(gzip, interval_ms));
    assert!(all[0] < 13.0 && all[1] < 12.0 && all[2] < 10.0, "{all:?}");
}

/// What is read of a user's chunks.
fn track(user: &UserId, key: &UserKey, chunks: &[SealedChunk]) -> Vec<Point> {
    let query = TrackQuery {
        range: TimeRange::ALL,
        direction: Direction::Ascending,
        limit: usize::MAX,
        after: None,
    };
    let erasures = Erasures::new();
    let mut page = PageBuilder::new(query, &erasures);
    for sealed in chunks {
        page.add(sealed.open(user, key).expect("sealed by this key").into_points());
    }
    page.finish().points
}

fn as_rows(track: &[Point]) -> Vec<Row> {
    let row = |point: &Point| {
        let position = point.fix.position();
        (point.effective().0, position.latitude(), position.longitude())
    };
    track.iter().map(row).collect()
}

#[test]
fn tracks_are_equal_to_the_file_point_by_point() {
    let key = UserKey::new([7; 32]);
    for (name, rows) in rows(TRACES) {
        let user = UserId::parse(&name).expect("an id");
        let chunks = sealed(&user, &key, points(&name, &rows));
        assert_eq!(as_rows(&track(&user, &key, &chunks)), rows, "{name}");
    }
}

#[test]
fn what_is_imported_and_exported_is_equal_to_the_file() {
    let key = UserKey::new([7; 32]);
    let id = DeviceId::parse("import").expect("an id");
    let nobody = UserId::parse("nobody").expect("an id");
    let mut numbering = Numbering::new(nobody, id, Timestamp(1_700_000_000_000));
    let mut reader = TrackReader::new(ImportFormat::Csv, Vec::new());
    let mut found = Vec::new();
    for piece in text(TRACES).as_bytes().chunks(64 * 1_024) {
        reader.read(piece, &mut found).expect("it can be read");
    }
    let skipped = reader.finish(&mut found).expect("it can be read");
    assert_eq!((skipped.total(), skipped.values), (0, 0));
    let mut users: BTreeMap<UserId, Vec<Point>> = BTreeMap::new();
    for (user, point) in found.into_iter().map(|fix| numbering.point(fix)) {
        users.entry(user).or_default().push(point);
    }
    let expected = rows(TRACES);
    assert_eq!(users.len(), expected.len());
    for (user, points) in users {
        let track = track(&user, &key, &sealed(&user, &key, points));
        assert_eq!(as_rows(&track), expected[user.as_str()], "{user}");
        let mut writer = TrackWriter::new(TrackFormat::Csv, user.clone());
        let mut csv = Vec::new();
        writer.begin(&mut csv);
        for point in &track {
            writer.point(point, &mut csv);
        }
        let csv = String::from_utf8(csv).expect("UTF-8");
        let exported = csv.lines().skip(1).map(|line| {
            let fields: Vec<_> = line.split(',').collect();
            let number = |at: usize| fields[at].parse::<f64>().expect("a number");
            ((number(1) * 1_000.0).round() as i64, number(2), number(3))
        });
        assert_eq!(exported.collect::<Vec<_>>(), expected[user.as_str()], "{user}");
    }
}
