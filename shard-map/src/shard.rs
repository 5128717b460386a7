use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::MapError;

/// The longest name, in bytes (all allowed characters are one byte long).
pub const NAME_BYTES_MAX: usize = 64;

/// The greatest weight.
pub const WEIGHT_MAX: u32 = 1_000;

/// The most shards of a map: with equal weights 16 slots each.
pub const SHARDS_MAX: usize = 1_024;

/// What a shard is known by, in every map: 1–64 characters of `A–Z a–z 0–9 . _ -`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardName(Arc<str>);

impl ShardName {
    /// Checks length and characters.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(allowed) {
            return Err(MapError::Name(text.to_owned()));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ShardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ShardName {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        Self::parse(text)
    }
}

/// One of those among whom the slots are dealt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Unique in a map.
    pub name: ShardName,
    /// Its part of the slots, relative to the weights of the others: 0 to [`WEIGHT_MAX`]. With 0 it holds nothing, as
    /// when it is to be emptied before it is taken away.
    pub weight: u32,
}

/// The shards by name, as every map holds them, so that no map depends on the order of a list.
pub(crate) fn checked(mut shards: Vec<Shard>) -> Result<Box<[Shard]>, MapError> {
    if shards.is_empty() {
        return Err(MapError::NoShard);
    }
    if shards.len() > SHARDS_MAX {
        return Err(MapError::TooManyShards(shards.len()));
    }
    if let Some(Shard { name, weight }) = shards.iter().find(|shard| shard.weight > WEIGHT_MAX) {
        return Err(MapError::Weight { shard: name.clone(), weight: i64::from(*weight) });
    }
    if shards.iter().all(|shard| shard.weight == 0) {
        return Err(MapError::NoWeight);
    }
    shards.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(twins) = shards.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(MapError::DuplicateName(twins[0].name.clone()));
    }
    Ok(shards.into())
}

/// Where a shard of that name stands among shards ordered by name.
pub(crate) fn find(shards: &[Shard], name: &ShardName) -> Option<usize> {
    shards.binary_search_by(|shard| shard.name.cmp(name)).ok()
}
