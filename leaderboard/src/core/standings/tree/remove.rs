use super::keys::KEYS_MAX;
use super::node::Child;
use super::{Path, Tree};
use crate::core::standings::key::Key;

/// The fewest keys of a leaf, but for the last and the root.
pub(super) const LEAF_MIN: usize = KEYS_MAX * 3 / 8;
/// The fewest children of an inner node, but for the root and those at the right end.
pub(super) const CHILDREN_MIN: usize = KEYS_MAX / 4;
/// Two nodes that have no more than this become one, with room for what comes next.
const MERGED_MAX: usize = KEYS_MAX * 7 / 8;

impl Tree {
    /// Removes a key; false if it isn't there.
    pub(in crate::core::standings) fn remove(&mut self, key: Key) -> bool {
        let path = self.path(key);
        let keys = &mut self.leaves[path.leaf].keys;
        let at = keys.count_below(key);
        if at == keys.len() || keys.get(at) != key {
            return false;
        }
        keys.remove(at);
        let is_short = keys.len() < LEAF_MIN;
        for step in path.steps() {
            *self.inners[step.inner].count_mut(step.slot) -= 1;
        }
        self.len -= 1;
        if is_short {
            self.refill(&path);
        }
        true
    }

    /// Joins the leaf at the end of a path, which has too few keys, with a neighbour, and what then has too few children
    /// above it.
    fn refill(&mut self, path: &Path) {
        for (level, step) in path.steps().iter().enumerate().rev() {
            let len = self.inners[step.inner].len();
            let left = if step.slot + 1 < len { step.slot } else { step.slot - 1 };
            if level + 1 == path.levels {
                self.join_leaves(step.inner, left);
            } else {
                self.join_inners(step.inner, left);
            }
            if self.inners[step.inner].len() >= CHILDREN_MIN {
                return;
            }
        }
        while self.levels > 0 && self.inners[self.root].len() == 1 {
            let child = self.inners[self.root].child(0);
            self.inners.free(self.root);
            self.root = child;
            self.levels -= 1;
        }
    }

    /// Makes one leaf of two neighbours, or shares their keys between them.
    fn join_leaves(&mut self, parent: u32, slot: usize) {
        let (left, right) = self.children(parent, slot);
        let mut next = self.leaves[right].clone();
        let leaf = &mut self.leaves[left];
        let all = leaf.keys.len() + next.keys.len();
        let is_merged = all <= MERGED_MAX;
        leaf.keys.share(&mut next.keys, if is_merged { all } else { all / 2 });
        *self.inners[parent].count_mut(slot) = leaf.keys.len() as u32;
        if is_merged {
            leaf.next = next.next;
            self.leaves.free(right);
            self.inners[parent].remove(slot + 1);
        } else {
            let (low, count) = (next.keys.get(0), next.keys.len() as u32);
            self.inners[parent].replace(slot + 1, Child { low, number: right, count });
            self.leaves[right] = next;
        }
    }

    /// Makes one inner node of two neighbours, or shares their children between them.
    fn join_inners(&mut self, parent: u32, slot: usize) {
        let (left, right) = self.children(parent, slot);
        let mut next = self.inners[right].clone();
        let inner = &mut self.inners[left];
        let all = inner.len() + next.len();
        let is_merged = all <= MERGED_MAX;
        inner.share(&mut next, if is_merged { all } else { all / 2 });
        *self.inners[parent].count_mut(slot) = self.inners[left].total();
        if is_merged {
            self.inners.free(right);
            self.inners[parent].remove(slot + 1);
        } else {
            let child = Child { low: next.lows.get(0), number: right, count: next.total() };
            self.inners[parent].replace(slot + 1, child);
            self.inners[right] = next;
        }
    }

    /// A child and the one behind it.
    fn children(&self, parent: u32, slot: usize) -> (u32, u32) {
        let inner = &self.inners[parent];
        (inner.child(slot), inner.child(slot + 1))
    }
}
