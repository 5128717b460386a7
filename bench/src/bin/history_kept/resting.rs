use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use history_writer::{
    Chunking, ChunkingLimits, EmbeddedStore, LogPosition, Logged, PUT_CHUNKS_MAX, Point, Store,
    StoredChunk, UserKey,
};
use model::{DeviceId, Fix, Monotonic, Position, Random, SeededRandom, Timestamp, UserId, Version};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Outcome;

/// A fix: milliseconds, degrees north, degrees east.
type Row = (i64, f64, f64);

/// How often a phone reports.
const INTERVAL_MS: i64 = 30_000;

/// Bytes of the store's file a point, of traces of which a point every 30 s is taken.
pub(crate) async fn bytes_a_point(traces: &str) -> Outcome<Value> {
    let folder = TempDir::new()?;
    let store = EmbeddedStore::open(folder.path()).await?;
    let (key, mut points, mut chunks) = (UserKey::new([7; 32]), 0, Vec::new());
    for (name, rows) in rows(traces)? {
        let user = UserId::parse(&name).map_err(|error| error.to_string())?;
        let mut chunking = Chunking::new(ChunkingLimits::default());
        for (at, point) in sent(&rows)?.into_iter().enumerate() {
            points += 1;
            let now = Monotonic((point.received - Timestamp(rows[0].0)).max(0) as u64);
            chunking.close_aged(now);
            let position = LogPosition(at as u64);
            chunking.add(now, Logged { position, user: user.clone(), point });
        }
        chunking.close_all();
        let closed = std::iter::from_fn(|| chunking.next_closed());
        chunks.extend(closed.map(|it| StoredChunk::seal(&it.chunk, &it.user, &key)));
    }
    for some in chunks.chunks(PUT_CHUNKS_MAX) {
        store.put(some).await?;
    }
    let sealed: usize = chunks.iter().map(|it| it.sealed.bytes.len()).sum();
    store.close().await?;
    let file = folder.path().join("history.sqlite").metadata()?.len();
    let each = |bytes: f64| bytes / f64::from(points);
    Ok(json!({
        "points": points, "chunks": chunks.len(), "sealed_bytes_per_point": each(sealed as f64),
        "bytes_per_point": each(file as f64),
    }))
}

/// The points of a phone that sent these fixes as soon as it could.
fn sent(rows: &[Row]) -> Outcome<Vec<Point>> {
    let random = SeededRandom::new(11);
    let device = DeviceId::parse("phone").map_err(|error| error.to_string())?;
    let (mut last, mut points) = (i64::MIN, Vec::new());
    for (time_ms, latitude, longitude) in rows {
        if time_ms.saturating_sub(last) < INTERVAL_MS {
            continue;
        }
        last = *time_ms;
        let effective = Timestamp(*time_ms);
        let version = Version { effective, device: device.clone(), seq: points.len() as u64 };
        let position = Position::new(*latitude, *longitude).map_err(|error| error.to_string())?;
        let delay_ms = 40 + random.next_u64() % 250 + (random.next_u64() % 50).pow(2);
        let received = effective.plus_ms(delay_ms as i64);
        points.push(Point::new(version, &Fix::at(position), received, None));
    }
    Ok(points)
}

/// The fixes of each user in the file's order.
fn rows(traces: &str) -> Outcome<BTreeMap<String, Vec<Row>>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(File::open(traces)?).read_to_string(&mut text)?;
    let mut users: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let [user, time, latitude, longitude, ..] = fields[..] else {
            return Err(format!("{line}: too few fields").into());
        };
        let time_ms = (time.parse::<f64>()? * 1_000.0).round() as i64;
        let row = (time_ms, latitude.parse()?, longitude.parse()?);
        users.entry(user.to_owned()).or_default().push(row);
    }
    Ok(users)
}
