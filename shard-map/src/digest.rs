use std::fmt::{self, Write as _};

use model::fnv1a;

use crate::slot::finished;
use crate::{ShardMap, ranges};

/// What tells two maps apart: their shards' names and weights, and which slots each holds. Where shards are is no part of
/// it, and neither is the epoch.
///
/// 64 bits of FNV-1a, finished as slots are: enough to find a mistake, no protection against somebody who looks for a
/// second map with the same digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl ShardMap {
    /// The map's digest: frozen, since gateways of different versions compare it.
    pub fn digest(&self) -> Digest {
        let mut text = String::new();
        for (index, shard) in self.shards().iter().enumerate() {
            let held = self.ranges(index);
            // Neither names nor numbers have spaces or line ends.
            let _ = writeln!(text, "{} {} {}", shard.name, shard.weight, ranges::Text(&held));
        }
        Digest(finished(fnv1a(text.bytes())))
    }
}
