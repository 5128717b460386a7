use std::fmt;
use std::ops::RangeInclusive;

use model::UserId;

use crate::shard::{Shard, checked, find};
use crate::slot::{SLOTS, Slot};
use crate::{MapError, balance, ranges};

/// The last epoch: the greatest integer that every JSON reader keeps exactly.
pub const EPOCH_MAX: u64 = 1 << 53;

/// Which shard holds which slot.
///
/// Shards are counted by name. Such an index is quick, and means something in this map only: between maps, shards are
/// known by their names.
#[derive(Clone, PartialEq, Eq)]
pub struct ShardMap {
    epoch: u64,
    /// By name, without twins.
    shards: Box<[Shard]>,
    /// For each slot the index of its shard: 32 KiB, so that looking up is one read.
    owners: Box<[u16]>,
}

impl ShardMap {
    /// The first map for these shards, of epoch 1: one range each, in the order of their names.
    pub fn deal(shards: Vec<Shard>) -> Result<Self, MapError> {
        let shards = checked(shards)?;
        let owners = balance::place(&shards, vec![None; usize::from(SLOTS)]);
        Self::assemble(1, shards, owners)
    }

    /// The next map, of the next epoch, for these shards instead: as balanced as a first one, and with as few slots
    /// moved as that allows.
    pub fn change(&self, shards: Vec<Shard>) -> Result<Self, MapError> {
        let shards = checked(shards)?;
        let renumbered = self.renumbered(&shards);
        let holders = self.owners.iter().map(|owner| renumbered[usize::from(*owner)]).collect();
        let owners = balance::place(&shards, holders);
        Self::assemble(self.epoch + 1, shards, owners)
    }

    /// A map of parts that fit each other; only the epoch is still to be checked.
    pub(crate) fn assemble(
        epoch: u64,
        shards: Box<[Shard]>,
        owners: Box<[u16]>,
    ) -> Result<Self, MapError> {
        if !(1..=EPOCH_MAX).contains(&epoch) {
            return Err(MapError::Epoch);
        }
        Ok(Self { epoch, shards, owners })
    }

    /// How often the map was changed, counted from 1: of two maps the one with the greater epoch is the newer.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// All shards by name, also those that hold nothing.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Where the shard that holds the slot stands in [`ShardMap::shards`].
    pub fn index_of(&self, slot: Slot) -> usize {
        usize::from(self.owners[usize::from(slot.number())])
    }

    /// The shard that holds a user's slot.
    pub fn owner(&self, user: &UserId) -> &Shard {
        &self.shards[self.index_of(Slot::from(user))]
    }

    /// How many slots a shard holds. Counted anew each time: not for where it is hot.
    pub fn slots(&self, index: usize) -> usize {
        self.slots_of(index).count()
    }

    /// The slots that a shard holds, ascending, as the fewest ranges.
    pub fn ranges(&self, index: usize) -> Vec<RangeInclusive<u16>> {
        ranges::gather(self.slots_of(index))
    }

    fn slots_of(&self, index: usize) -> impl Iterator<Item = u16> {
        self.owned().filter(move |(_, owner)| usize::from(*owner) == index).map(|(slot, _)| slot)
    }

    /// Every slot with the index of its shard.
    pub(crate) fn owned(&self) -> impl Iterator<Item = (u16, u16)> {
        (0..).zip(self.owners.iter().copied())
    }

    /// For each of our shards its index among others, by name.
    pub(crate) fn renumbered(&self, others: &[Shard]) -> Vec<Option<u16>> {
        let index = |shard: &Shard| find(others, &shard.name).map(|index| index as u16);
        self.shards.iter().map(index).collect()
    }
}

impl fmt::Debug for ShardMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sixteen thousand numbers help nobody; `to_toml` has them all in few lines.
        let slots: Vec<_> = (0..self.shards.len()).map(|index| self.slots(index)).collect();
        let mut debug = f.debug_struct("ShardMap");
        debug.field("epoch", &self.epoch).field("shards", &self.shards).field("slots", &slots);
        debug.finish_non_exhaustive()
    }
}
