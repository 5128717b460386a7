use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use crate::ranges;
use crate::{ShardMap, ShardName};

/// Slots that one shard hands over to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Who holds them in the older map.
    pub from: ShardName,
    /// Who holds them in the newer map.
    pub to: ShardName,
    /// Which, ascending, as the fewest ranges.
    pub slots: Vec<RangeInclusive<u16>>,
}

impl Move {
    /// How many slots.
    pub fn count(&self) -> usize {
        self.slots.iter().map(ExactSizeIterator::len).sum()
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, slots } = self;
        write!(f, "{from} -> {to}: {} ({} in all)", ranges::Text(slots), self.count())
    }
}

impl ShardMap {
    /// What moves when `other` takes the place of this map, by the names of `from` and `to`.
    pub fn moves_to(&self, other: &Self) -> Vec<Move> {
        let renumbered = self.renumbered(other.shards());
        let mut moved: BTreeMap<(u16, u16), Vec<u16>> = BTreeMap::new();
        for ((slot, from), (_, to)) in self.owned().zip(other.owned()) {
            if renumbered[usize::from(from)] != Some(to) {
                moved.entry((from, to)).or_default().push(slot);
            }
        }
        let made = |((from, to), slots): ((u16, u16), Vec<u16>)| Move {
            from: self.shards()[usize::from(from)].name.clone(),
            to: other.shards()[usize::from(to)].name.clone(),
            slots: ranges::gather(slots),
        };
        moved.into_iter().map(made).collect()
    }
}
