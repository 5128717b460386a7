use std::ops::RangeInclusive;

use model::Faults;
use redis_connection::Server;
use serde::{Deserialize, Serialize};
use shard_map::{Shard, ShardMap, ShardName};

/// What `streams_per_server` may be: a process reads each by itself.
const STREAMS: RangeInclusive<u32> = 1..=256;
/// What `stream_bytes_max` may be: below, hardly an entry would fit.
const STREAM_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 40;
/// What times may be, milliseconds. What waits longer would come behind what others have told of a stream.
const TIMES_MS: RangeInclusive<u64> = 10..=4_000;

/// The Redis servers whose streams are the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What all keys begin with: 1–32 letters, digits, `-`, `_` or `:`. Deployments that share a server differ in it.
    pub key_prefix: String,
    /// The streams on each server, 1 … 256, over which its users are dealt: the most processes that can read there. When it is
    /// lowered the others are still read until they are empty.
    pub streams_per_server: u32,
    /// The most bytes of each stream, 2²⁰ … 2⁴⁰. With as many, points are refused until others are stored.
    pub stream_bytes_max: u64,
    /// How long a server may take to let us in, milliseconds, 10 … 4,000.
    pub connect_timeout_ms: u64,
    /// How long points wait for a server that doesn't answer, milliseconds, 10 … 4,000; then they are in memory only.
    pub patience_ms: u64,
    /// The servers. One of weight 0 gets nothing more, and is read until it is empty.
    pub servers: Vec<Server>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            key_prefix: "whereabouts:".to_owned(),
            streams_per_server: 16,
            stream_bytes_max: 1 << 30,
            connect_timeout_ms: 2_000,
            patience_ms: 2_000,
            servers: Vec::new(),
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_:".contains(&b);
        let prefix = self.key_prefix.as_bytes();
        faults.unless(
            (1..=32).contains(&prefix.len()) && prefix.iter().all(|b| allowed(*b)),
            "key_prefix must be 1 to 32 letters, digits, -, _ or :",
        );
        faults.unless_in(&STREAMS, "streams_per_server", self.streams_per_server);
        faults.unless_in(&STREAM_BYTES, "stream_bytes_max", self.stream_bytes_max);
        faults.unless_in(&TIMES_MS, "connect_timeout_ms", self.connect_timeout_ms);
        faults.unless_in(&TIMES_MS, "patience_ms", self.patience_ms);
        for server in &self.servers {
            faults.check(server.check().map_err(|why| format!("servers: {why}")));
        }
        faults.check(self.map());
        faults.result()
    }

    /// Which server has whose points.
    pub(super) fn map(&self) -> Result<ShardMap, String> {
        let shard = |server: &Server| {
            let name = ShardName::parse(&server.name);
            let name = name.map_err(|why| format!("servers: the name {:?} {why}", server.name))?;
            Ok(Shard { name, weight: server.weight })
        };
        let shards = self.servers.iter().map(shard).collect::<Result<_, String>>()?;
        ShardMap::deal(shards).map_err(|why| format!("servers: {why}"))
    }
}
