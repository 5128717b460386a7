use model::{UserId, fnv1a};

/// How many slots there are; a power of two, and frozen.
pub const SLOTS: u16 = 16_384;

/// The bits of a hash that name a slot.
const SLOT_BITS: u32 = SLOTS.trailing_zeros();

/// What moves between shards as one. A user's slot never changes; the shard of a slot may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u16);

impl Slot {
    /// The slot of that number, if it is below [`SLOTS`].
    pub fn new(number: u16) -> Option<Self> {
        (number < SLOTS).then_some(Self(number))
    }

    /// From 0 to 16,383.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl From<&UserId> for Slot {
    /// The slot of a user: the top 14 bits of FNV-1a of the id's bytes, finished by `MurmurHash3`'s fmix64.
    ///
    /// FNV-1a alone leaves ids that differ in their last character close together in its upper bits, hence the finish.
    fn from(user: &UserId) -> Self {
        let hash = finished(fnv1a(user.as_str().bytes()));
        Self((hash >> (u64::BITS - SLOT_BITS)) as u16)
    }
}

/// fmix64 of `MurmurHash3` (A. Appleby, in the public domain): every bit of the input changes half of the output's.
pub(crate) fn finished(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finish_is_the_published_one() {
        assert_eq!(finished(0), 0);
        assert_eq!(finished(1), 0xb456_bcfc_34c2_cb2c);
    }

    #[test]
    fn numbers_from_the_count_of_slots_on_name_none() {
        assert_eq!(Slot::new(SLOTS - 1).map(Slot::number), Some(16_383));
        assert_eq!(Slot::new(SLOTS), None);
    }
}
