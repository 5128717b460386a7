//! Ours, since the standard library's trees don't say how many stand before a key, and don't find the one in a place.
//!
//! A B+ tree whose inner nodes know how many stand in each child: a rank is the sum of what stands left of one path from the
//! root. Nodes have numbers, not addresses, and lie in arenas, so that a change of a key allocates nothing.

mod arena;
mod insert;
mod keys;
mod node;
mod remove;
mod replace;
#[cfg(test)]
pub(super) mod tests;

use arena::Arena;
use node::{Inner, Leaf};

use super::key::Key;

/// Inner nodes from the root to a leaf, at most. All but the root and those at the right end have at least
/// [`remove::CHILDREN_MIN`] children: more levels than 8 would have more keys than players have numbers.
const LEVELS_MAX: usize = 10;

/// Keys in their order.
#[derive(Debug)]
pub(super) struct Tree {
    leaves: Arena<Leaf>,
    inners: Arena<Inner>,
    /// A leaf if there are no levels of inner nodes.
    root: u32,
    levels: usize,
    len: u32,
}

/// The way from the root to a leaf.
#[derive(Debug, Clone, Copy)]
struct Path {
    steps: [Step; LEVELS_MAX],
    levels: usize,
    leaf: u32,
}

/// An inner node, and which of its children is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Step {
    inner: u32,
    slot: usize,
}

impl Path {
    /// From the root on.
    fn steps(&self) -> &[Step] {
        &self.steps[..self.levels]
    }
}

impl Tree {
    /// Of no keys.
    pub(super) fn new() -> Self {
        let mut leaves = Arena::new();
        let root = leaves.add(Leaf::new());
        Self { leaves, inners: Arena::new(), root, levels: 0, len: 0 }
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.len)
    }

    /// How many keys are below this one, whether or not it is there.
    pub(super) fn count_below(&self, key: Key) -> u64 {
        let (mut node, mut count) = (self.root, 0);
        for _ in 0..self.levels {
            let inner = &self.inners[node];
            let slot = inner.slot(key);
            count += inner.counts()[..slot].iter().sum::<u32>();
            node = inner.child(slot);
        }
        u64::from(count) + self.leaves[node].keys.count_below(key) as u64
    }

    /// Whether any key has this score.
    pub(super) fn has_score(&self, score: i64) -> bool {
        let end = Key::last_of(score, u64::MAX);
        self.count_below(Key::first_of(score)) < self.count_below(end)
    }

    /// The keys from this place on, counted from 0.
    pub(super) fn from(&self, place: u64) -> impl Iterator<Item = Key> {
        let mut at = (place < self.len()).then(|| self.leaf_at(place as u32));
        std::iter::from_fn(move || {
            let (leaf, slot) = at?;
            let leaf = &self.leaves[leaf];
            let key = leaf.keys.get(slot);
            at = if slot + 1 < leaf.keys.len() {
                Some((at?.0, slot + 1))
            } else {
                leaf.next.map(|next| (next, 0))
            };
            Some(key)
        })
    }

    /// The leaf where this place is, and which of its keys that is.
    fn leaf_at(&self, mut place: u32) -> (u32, usize) {
        let mut node = self.root;
        for _ in 0..self.levels {
            let inner = &self.inners[node];
            let (slot, rest) = inner.slot_at(place);
            (node, place) = (inner.child(slot), rest);
        }
        (node, place as usize)
    }

    /// The way to where a key is, or belongs.
    fn path(&self, key: Key) -> Path {
        let mut path =
            Path { steps: [Step::default(); LEVELS_MAX], levels: self.levels, leaf: self.root };
        for step in &mut path.steps[..self.levels] {
            let inner = &self.inners[path.leaf];
            *step = Step { inner: path.leaf, slot: inner.slot(key) };
            path.leaf = inner.child(step.slot);
        }
        path
    }
}
