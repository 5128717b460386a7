//! A map as a file:
//!
//! ```toml
//! epoch = 1
//!
//! [[shard]]
//! name = "a"
//! weight = 100
//! slots = "0-5460,8000"
//! ```

use std::fmt::Write as _;

use serde::Deserialize;

use crate::shard::{Shard, ShardName, checked, find};
use crate::slot::SLOTS;
use crate::{MapError, ShardMap, ranges};

// Numbers are wider than in the map, so that it is our message that says what they may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    epoch: i64,
    #[serde(default, rename = "shard")]
    shards: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    weight: i64,
    slots: String,
}

impl Entry {
    fn shard(&self) -> Result<Shard, MapError> {
        let name = ShardName::parse(&self.name)?;
        match u32::try_from(self.weight) {
            Ok(weight) => Ok(Shard { name, weight }),
            Err(_) => Err(MapError::Weight { shard: name, weight: self.weight }),
        }
    }
}

impl ShardMap {
    /// Reads a map that was written by [`ShardMap::to_toml`] or by hand. The shares need not be balanced, but every slot
    /// must have exactly one shard, and none a shard of weight 0.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let file: File = toml::from_str(text)
            .map_err(|e| MapError::Syntax(e.to_string().trim_end().to_owned()))?;
        let epoch = u64::try_from(file.epoch).map_err(|_| MapError::Epoch)?;
        let listed = file.shards.iter().map(Entry::shard).collect::<Result<Vec<_>, _>>()?;
        let shards = checked(listed.clone())?;
        let mut owners = vec![None; usize::from(SLOTS)];
        for (shard, entry) in listed.iter().zip(&file.shards) {
            claim(&mut owners, &shards, shard, &entry.slots)?;
        }
        Self::assemble(epoch, shards, all_owned(&owners)?)
    }

    /// The map as a file.
    pub fn to_toml(&self) -> String {
        let mut text = format!("epoch = {}\n", self.epoch());
        for (index, Shard { name, weight }) in self.shards().iter().enumerate() {
            // Neither names nor slots can hold anything that TOML would have escaped.
            let slots = self.ranges(index);
            let _ = writeln!(text, "\n[[shard]]\nname = \"{name}\"\nweight = {weight}");
            let _ = writeln!(text, "slots = \"{}\"", ranges::Text(&slots));
        }
        text
    }
}

/// Gives a shard the slots that its entry lists.
fn claim(
    owners: &mut [Option<u16>],
    shards: &[Shard],
    shard: &Shard,
    slots: &str,
) -> Result<(), MapError> {
    let name = &shard.name;
    let ranges = ranges::parse(slots)
        .map_err(|part| MapError::Range { shard: name.clone(), text: part.to_owned() })?;
    if shard.weight == 0 && !ranges.is_empty() {
        return Err(MapError::Weightless(name.clone()));
    }
    let index = find(shards, name).expect("the shards are the entries' own") as u16;
    for slot in ranges.into_iter().flatten() {
        if let Some(before) = owners[usize::from(slot)].replace(index) {
            let (first, second) = (shards[usize::from(before)].name.clone(), name.clone());
            return Err(if before == index {
                MapError::ListedTwice { slot, shard: second }
            } else {
                MapError::OwnedTwice { slot, first, second }
            });
        }
    }
    Ok(())
}

fn all_owned(owners: &[Option<u16>]) -> Result<Box<[u16]>, MapError> {
    let free = (0..).zip(owners).filter(|(_, owner)| owner.is_none()).map(|(slot, _)| slot);
    let free = ranges::gather(free);
    match free.first() {
        Some(range) => {
            let count = free.iter().map(ExactSizeIterator::len).sum();
            Err(MapError::OwnedByNobody { range: range.clone(), count })
        }
        None => Ok(owners.iter().copied().flatten().collect()),
    }
}
