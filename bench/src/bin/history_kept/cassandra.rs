use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use history_writer::cassandra::{self, CassandraStore};
use history_writer::limits::{BUCKET_MS, CHUNK_POINTS_MAX};
use history_writer::{
    Chunking, ChunkingLimits, LogPosition, Logged, PUT_CHUNKS_MAX, Store, StoredChunk, UserKey,
};
use model::Monotonic;
use scylla::client::PoolSize;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::Consistency;
use serde_json::{Value, json};

use crate::Outcome;
use crate::points::Phones;

/// Chunks that each user fills.
const CHUNKS_EACH: usize = 4;
/// How many rows of one point are handed in before the time is looked at.
const ROWS_AT_ONCE: usize = 10_000;

/// So many users, and how many points of each make about so many.
fn phones(points: usize) -> Outcome<(Phones, usize)> {
    let each = CHUNK_POINTS_MAX * CHUNKS_EACH;
    Ok((Phones::new((points / each).max(1))?, each))
}

fn config(node: &str, keyspace: &str) -> cassandra::Config {
    cassandra::Config {
        nodes: vec![node.to_owned()],
        keyspace: keyspace.to_owned(),
        replication: BTreeMap::from([("datacenter1".to_owned(), 1)]),
        ..cassandra::Config::default()
    }
}

/// Gathers points in chunks of so many and stores these sealed, as the writer does, in a keyspace that is made if it is missing.
pub(crate) async fn chunks(
    node: &str,
    keyspace: &str,
    points: usize,
    size: usize,
) -> Outcome<Value> {
    let config = config(node, keyspace);
    cassandra::migrate(&config, None).await?;
    let store = CassandraStore::connect(&config, None).await?;
    let (mut phones, each) = phones(points)?;
    let mut chunking = Chunking::new(ChunkingLimits::default());
    let (key, users) = (UserKey::new([7; 32]), phones.users.len());
    let (mut took, mut chunks_stored, mut position) = (Duration::ZERO, 0, 0);
    for _ in 0..each / size {
        let made: Vec<_> = (0..users * size).map(|_| phones.next()).collect();
        let started = Instant::now();
        for (at, point) in made {
            position += 1;
            let user = phones.users[at].clone();
            chunking.add(Monotonic(0), Logged { position: LogPosition(position), user, point });
        }
        chunking.close_all();
        let closed = std::iter::from_fn(|| chunking.next_closed());
        let sealed = closed.map(|it| StoredChunk::seal(&it.chunk, &it.user, &key));
        let sealed: Vec<_> = sealed.collect();
        for some in sealed.chunks(PUT_CHUNKS_MAX) {
            store.put(some).await?;
        }
        took += started.elapsed();
        chunks_stored += sealed.len();
    }
    Ok(json!({
        "points": position, "chunks": chunks_stored, "points_per_s": position as f64 / took.as_secs_f64(),
    }))
}

/// Stores one row a point, each in a statement of its own, as many under way at a time as chunks are.
pub(crate) async fn rows(node: &str, keyspace: &str, points: usize) -> Outcome<Value> {
    let config = config(node, keyspace);
    let connections = usize::try_from(config.connections_per_node)?.try_into()?;
    let session = SessionBuilder::new()
        .known_node(node)
        .pool_size(PoolSize::PerHost(connections))
        .build()
        .await?;
    let keyspace = format!(
        "CREATE KEYSPACE IF NOT EXISTS {keyspace}
         WITH replication = {{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}}"
    );
    session.query_unpaged(keyspace, ()).await?;
    let table = format!(
        "CREATE TABLE IF NOT EXISTS {}.points (
             user text, bucket bigint, effective_ms bigint, device text, seq bigint, received_ms bigint,
             latitude_e7 int, longitude_e7 int, accuracy_cm int, speed_cmps int, heading_cdeg int,
             PRIMARY KEY ((user, bucket), effective_ms, device, seq)
         ) WITH CLUSTERING ORDER BY (effective_ms DESC, device DESC, seq DESC)",
        config.keyspace
    );
    session.query_unpaged(table, ()).await?;
    let insert = format!(
        "INSERT INTO {}.points (user, bucket, effective_ms, device, seq, received_ms, latitude_e7, longitude_e7,
                                accuracy_cm, speed_cmps, heading_cdeg)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        config.keyspace
    );
    let mut insert = session.prepare(insert).await?;
    insert.set_is_idempotent(true);
    insert.set_consistency(Consistency::LocalQuorum);
    let (mut phones, each) = phones(points)?;
    let points = phones.users.len() * each;
    let mut took = Duration::ZERO;
    for start in (0..points).step_by(ROWS_AT_ONCE) {
        let made = (start..points.min(start + ROWS_AT_ONCE)).map(|_| phones.next());
        let made: Vec<_> = made.collect();
        let started = Instant::now();
        let writes = made.iter().map(|(at, point)| {
            let (version, fix) = (&point.version, &point.fix);
            let row = (
                phones.users[*at].as_str(),
                version.effective.0.div_euclid(BUCKET_MS),
                version.effective.0,
                version.device.as_str(),
                version.seq as i64,
                point.received.0,
                fix.latitude_e7,
                fix.longitude_e7,
                fix.accuracy_cm.map(|it| it as i32),
                fix.speed_cmps.map(i32::from),
                fix.heading_cdeg.map(i32::from),
            );
            session.execute_unpaged(&insert, row)
        });
        let written = stream::iter(writes).buffer_unordered(config.in_flight_max as usize);
        written.try_for_each(|_| std::future::ready(Ok(()))).await?;
        took += started.elapsed();
    }
    Ok(json!({ "points": points, "points_per_s": points as f64 / took.as_secs_f64() }))
}
