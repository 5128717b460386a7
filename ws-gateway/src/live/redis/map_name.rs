use std::fmt;

use shard_map::{Digest, ShardMap};

/// What gateways compare to find out whether they place users alike: a map's epoch and digest, as `1-349df5d46b2c35f0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MapName {
    pub(super) epoch: u64,
    pub(super) digest: Digest,
}

impl MapName {
    pub(super) fn new(map: &ShardMap) -> Self {
        Self { epoch: map.epoch(), digest: map.digest() }
    }

    /// Why a gateway of this map can't work where `held` is the name of another.
    pub(super) fn refused_by(self, held: &str, key: &str, remembered_ms: u64) -> String {
        let Self { epoch, digest } = self;
        let (their_epoch, their_digest) = held.split_once('-').unwrap_or(("?", held));
        format!(
            "gateways with another shard map work here: theirs has epoch {their_epoch} and digest {their_digest}, ours \
             epoch {epoch} and digest {digest}. All gateways need the same redis.shards and weights, or the same \
             redis.shard_map_file. To change the map give it a higher epoch (whereabouts shard-map plan --write), or stop \
             all gateways first: {} s after the last one its map is forgotten, or at once with redis-cli DEL {key}",
            remembered_ms / 1_000
        )
    }
}

impl fmt::Display for MapName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.digest)
    }
}
