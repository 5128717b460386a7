use super::keys::KEYS_MAX;
use super::node::{Child, Inner, Leaf};
use super::{Path, Tree};
use crate::core::standings::key::Key;

/// A node that became two.
struct Split {
    /// How many are left in it.
    left_count: u32,
    /// The new node behind it.
    right: Child,
    /// Where it was split: at the right end of the tree, or anywhere.
    at_end: bool,
}

impl Tree {
    /// Adds a key that isn't there.
    pub(in crate::core::standings) fn insert(&mut self, key: Key) {
        let path = self.path(key);
        for step in path.steps() {
            *self.inners[step.inner].count_mut(step.slot) += 1;
        }
        self.len += 1;
        let leaf = &mut self.leaves[path.leaf];
        let at = leaf.keys.count_below(key);
        if leaf.keys.is_full() {
            let split = self.split_leaf(path.leaf, at, key);
            self.add_beside(&path, split);
        } else {
            leaf.keys.insert(at, key);
        }
    }

    fn split_leaf(&mut self, number: u32, at: usize, key: Key) -> Split {
        let leaf = &mut self.leaves[number];
        // Keys that come in their order, as from a snapshot, fill leaf after leaf.
        let at_end = at == KEYS_MAX && leaf.next.is_none();
        let middle = if at_end { KEYS_MAX } else { KEYS_MAX / 2 };
        let mut right = Leaf { next: leaf.next, ..Leaf::new() };
        leaf.keys.share(&mut right.keys, middle);
        if at <= middle && !at_end {
            leaf.keys.insert(at, key);
        } else {
            right.keys.insert(at - middle, key);
        }
        let left_count = leaf.keys.len() as u32;
        let (low, count) = (right.keys.get(0), right.keys.len() as u32);
        let right = Child { low, number: self.leaves.add(right), count };
        self.leaves[number].next = Some(right.number);
        Split { left_count, right, at_end }
    }

    /// Adds the right node of a split beside the left one, and splits what is full above it.
    fn add_beside(&mut self, path: &Path, mut split: Split) {
        for step in path.steps().iter().rev() {
            let inner = &mut self.inners[step.inner];
            *inner.count_mut(step.slot) = split.left_count;
            if !inner.lows.is_full() {
                return inner.insert(step.slot + 1, split.right);
            }
            // A node has at least two children, at the end of the tree too.
            let middle = if split.at_end { KEYS_MAX - 1 } else { KEYS_MAX / 2 };
            let mut right = Inner::new();
            inner.share(&mut right, middle);
            if step.slot < middle {
                inner.insert(step.slot + 1, split.right);
            } else {
                right.insert(step.slot + 1 - middle, split.right);
            }
            split.left_count = inner.total();
            let (low, count) = (right.lows.get(0), right.total());
            split.right = Child { low, number: self.inners.add(right), count };
        }
        let mut root = Inner::new();
        root.insert(0, Child { low: Key::LOWEST, number: self.root, count: split.left_count });
        root.insert(1, split.right);
        self.root = self.inners.add(root);
        self.levels += 1;
    }
}
