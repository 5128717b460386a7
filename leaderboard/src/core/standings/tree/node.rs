use super::keys::{KEYS_MAX, Keys, close_gap, open_gap, share};
use crate::core::standings::key::Key;

/// Who stands next to each other.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) keys: Keys,
    /// The leaf behind it.
    pub(super) next: Option<u32>,
}

/// Nodes next to each other, all leaves or all not.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    /// Of each child one that isn't above any of its own, and above all of the child before.
    pub(super) lows: Keys,
    children: [u32; KEYS_MAX],
    /// How many stand in each child.
    counts: [u32; KEYS_MAX],
}

/// What an inner node knows of a child.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    pub(super) low: Key,
    pub(super) number: u32,
    pub(super) count: u32,
}

impl Leaf {
    pub(super) fn new() -> Self {
        Self { keys: Keys::new(), next: None }
    }
}

impl Inner {
    pub(super) fn new() -> Self {
        Self { lows: Keys::new(), children: [0; KEYS_MAX], counts: [0; KEYS_MAX] }
    }

    /// How many children it has.
    pub(super) fn len(&self) -> usize {
        self.lows.len()
    }

    pub(super) fn child(&self, slot: usize) -> u32 {
        self.children[slot]
    }

    pub(super) fn counts(&self) -> &[u32] {
        &self.counts[..self.len()]
    }

    pub(super) fn count_mut(&mut self, slot: usize) -> &mut u32 {
        &mut self.counts[slot]
    }

    /// How many stand in it.
    pub(super) fn total(&self) -> u32 {
        self.counts().iter().sum()
    }

    /// The child where `key` is, or belongs.
    pub(super) fn slot(&self, key: Key) -> usize {
        let below = self.lows.count_below(key);
        // A low that equals the key is of the child that has it.
        let is_low = below < self.len() && self.lows.get(below) == key;
        if is_low { below } else { below.saturating_sub(1) }
    }

    /// The child where place `place` of this node is, and the place within it.
    pub(super) fn slot_at(&self, mut place: u32) -> (usize, u32) {
        let last = self.len() - 1;
        for (slot, &count) in self.counts[..last].iter().enumerate() {
            if place < count {
                return (slot, place);
            }
            place -= count;
        }
        (last, place)
    }

    /// There must be room.
    pub(super) fn insert(&mut self, slot: usize, child: Child) {
        let len = self.len();
        open_gap(&mut self.children, slot, len);
        open_gap(&mut self.counts, slot, len);
        self.children[slot] = child.number;
        self.counts[slot] = child.count;
        self.lows.insert(slot, child.low);
    }

    pub(super) fn replace(&mut self, slot: usize, child: Child) {
        self.children[slot] = child.number;
        self.counts[slot] = child.count;
        self.lows.set(slot, child.low);
    }

    pub(super) fn remove(&mut self, slot: usize) {
        let len = self.len();
        close_gap(&mut self.children, slot, len);
        close_gap(&mut self.counts, slot, len);
        self.lows.remove(slot);
    }

    /// Moves children between this and the next node, so that this one has `left` of what both have.
    pub(super) fn share(&mut self, next: &mut Self, left: usize) {
        let lens = (self.len(), next.len());
        share(&mut self.children, &mut next.children, lens, left);
        share(&mut self.counts, &mut next.counts, lens, left);
        self.lows.share(&mut next.lows, left);
    }
}
