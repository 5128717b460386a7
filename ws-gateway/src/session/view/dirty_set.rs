//! Ours, since no set of bits goes on behind the one that was taken last, so that none waits for ever.

/// A set of slots, one bit each: as big as the greatest slot asks for, however often slots come and go.
#[derive(Debug, Default)]
pub(crate) struct DirtySet {
    words: Vec<u64>,
    count: usize,
    /// The slot to look at first, so that under a limit none waits for ever behind lower ones.
    next: u32,
}

impl DirtySet {
    /// Adds a slot; `false` if it was there.
    pub(crate) fn insert(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        if self.words.len() <= word {
            self.words.reserve_exact(word + 1 - self.words.len());
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.count += usize::from(new);
        new
    }

    /// Takes a slot out, going round all of them.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        if self.count == 0 {
            return None;
        }
        let (mut word, first) = (self.next as usize / 64, self.next % 64);
        let mut here = self.words.get(word).copied().unwrap_or(0) & (u64::MAX << first);
        while here == 0 {
            word = if word + 1 < self.words.len() { word + 1 } else { 0 };
            here = self.words[word];
        }
        let slot = word as u32 * 64 + here.trailing_zeros();
        self.words[word] &= !(1 << (slot % 64));
        self.count -= 1;
        self.next = slot + 1;
        Some(slot)
    }

    /// Whether a slot is in it.
    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word & 1 << (slot % 64) != 0)
    }

    /// Takes this slot out, if it is there.
    pub(crate) fn remove(&mut self, slot: u32) {
        if self.contains(slot) {
            self.words[slot as usize / 64] &= !(1 << (slot % 64));
            self.count -= 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(steps in proptest::collection::vec(proptest::option::of(0u32..600), 0..400)) {
            let (mut marks, mut model) = (DirtySet::default(), BTreeSet::new());
            for step in steps {
                match step {
                    Some(slot @ 0..400) => prop_assert_eq!(marks.insert(slot), model.insert(slot)),
                    Some(other) => {
                        let slot = other - 400;
                        prop_assert_eq!(marks.contains(slot), model.remove(&slot));
                        marks.remove(slot);
                    }
                    None => match marks.pop() {
                        Some(slot) => prop_assert!(model.remove(&slot)),
                        None => prop_assert!(model.is_empty()),
                    },
                }
                prop_assert_eq!(marks.is_empty(), model.is_empty());
            }
        }
    }

    #[test]
    fn no_slot_waits_for_ever_behind_those_that_come_again_and_again() {
        let mut marks = DirtySet::default();
        marks.insert(1_000);
        let popped = (0..200).any(|_| {
            (0..100).for_each(|slot| {
                marks.insert(slot);
            });
            marks.pop() == Some(1_000)
        });
        assert!(popped);
    }
}
