//! Lists of shards, short to write.

use shard_map::{SLOTS, Shard, ShardMap, ShardName, Slot};

/// The shards of these names and weights.
pub(crate) fn shards<'a>(listed: impl IntoIterator<Item = (&'a str, u32)>) -> Vec<Shard> {
    let shard =
        |(name, weight)| Shard { name: ShardName::parse(name).expect("a valid name"), weight };
    listed.into_iter().map(shard).collect()
}

/// The first map of these shards.
pub(crate) fn dealt<'a>(listed: impl IntoIterator<Item = (&'a str, u32)>) -> ShardMap {
    ShardMap::deal(shards(listed)).expect("shards that can hold the slots")
}

/// Every slot.
pub(crate) fn all_slots() -> impl Iterator<Item = Slot> {
    (0..SLOTS).map(|number| Slot::new(number).expect("below the count of slots"))
}

/// The names of those who hold the slots, one a slot.
pub(crate) fn holders(map: &ShardMap) -> Vec<&str> {
    all_slots().map(|slot| map.shards()[map.index_of(slot)].name.as_str()).collect()
}
