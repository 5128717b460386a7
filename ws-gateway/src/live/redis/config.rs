use std::path::PathBuf;

use model::Faults;
use redis_connection::Server;
use serde::{Deserialize, Serialize};
use shard_map::{Shard, ShardMap, ShardName};

/// The Redis servers of the live path, and how patient to be with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What all keys and channels begin with: 1–32 letters, digits, `-` or `_`. Deployments that share a server differ
    /// in it.
    pub key_prefix: String,
    /// The map of slots to shards, as `whereabouts shard-map plan --write` makes it. None: the slots are dealt anew from
    /// the list of shards.
    pub shard_map_file: Option<PathBuf>,
    /// How long a server may take to let us in, milliseconds.
    pub connect_timeout_ms: u64,
    /// How long nothing may come from a server that owes an answer, milliseconds; then the connection is given up. One
    /// whose last answers were slow may be silent for four times as long as those took.
    pub command_timeout_ms: u64,
    /// How long nothing may come from a server that is slow, or that was away and has all its gateways subscribe again,
    /// milliseconds: at least `command_timeout_ms` and `probe_timeout_ms`.
    pub silence_timeout_ms: u64,
    /// How long a fix or a reading waits for a server that is away, milliseconds.
    pub patience_ms: u64,
    /// How often a message is sent through each server to ourselves, milliseconds.
    pub probe_interval_ms: u64,
    /// How long it may take to arrive, milliseconds; then delivery is taken for dead.
    pub probe_timeout_ms: u64,
    /// How long gateways have to write their users' positions again into a server that lost its memory, milliseconds.
    /// Until then nothing is read from it.
    pub settle_ms: u64,
    /// The servers.
    pub shards: Vec<Server>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            key_prefix: "whereabouts".to_owned(),
            shard_map_file: None,
            connect_timeout_ms: 2_000,
            command_timeout_ms: 1_000,
            silence_timeout_ms: 10_000,
            patience_ms: 5_000,
            probe_interval_ms: 1_000,
            probe_timeout_ms: 1_500,
            settle_ms: 2_000,
            shards: Vec::new(),
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let prefix = &self.key_prefix;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        faults.unless(
            (1..=32).contains(&prefix.len()) && prefix.bytes().all(allowed),
            "key_prefix must be 1 to 32 letters, digits, - or _",
        );
        let times = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("command_timeout_ms", self.command_timeout_ms),
            ("silence_timeout_ms", self.silence_timeout_ms),
            ("patience_ms", self.patience_ms),
            ("probe_interval_ms", self.probe_interval_ms),
            ("probe_timeout_ms", self.probe_timeout_ms),
        ];
        for (name, ms) in times {
            faults.unless_in(&(10..=60_000), name, ms);
        }
        faults.unless(
            self.silence_timeout_ms >= self.command_timeout_ms.max(self.probe_timeout_ms),
            "silence_timeout_ms must be at least command_timeout_ms and probe_timeout_ms",
        );
        faults.unless_in(&(0..=60_000), "settle_ms", self.settle_ms);
        faults.unless(
            !self.shards.is_empty(),
            "shards must name at least one server: { name = \"a\", url = \"redis://…\" }",
        );
        for server in &self.shards {
            faults.check(server.check().map_err(|why| format!("shards: {why}")));
        }
        faults.result()
    }

    /// Where each user lives: the map in the file, or one dealt from the list of servers.
    pub fn shard_map(&self) -> Result<ShardMap, String> {
        let mut shards = Vec::with_capacity(self.shards.len());
        for server in &self.shards {
            let name = ShardName::parse(&server.name)
                .map_err(|e| format!("shards: the name {:?} {e}", server.name))?;
            shards.push(Shard { name, weight: server.weight });
        }
        let dealt = ShardMap::deal(shards).map_err(|e| format!("shards: {e}"))?;
        let Some(path) = &self.shard_map_file else { return Ok(dealt) };
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| format!("can't read {shown}: {e}"))?;
        let map = ShardMap::parse(&text).map_err(|e| format!("{shown}: {e}"))?;
        for shard in map.shards() {
            if !self.shards.iter().any(|server| server.name == shard.name.as_str()) {
                let name = &shard.name;
                return Err(format!(
                    "{shown} gives slots to {name}, which isn't among redis.shards"
                ));
            }
        }
        Ok(map)
    }
}
