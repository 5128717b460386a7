use super::Tree;
use super::remove::LEAF_MIN;
use crate::core::standings::key::Key;

impl Tree {
    /// Removes a key and adds one that isn't there; false, and nothing is done, if the first isn't there.
    pub(in crate::core::standings) fn replace(&mut self, old: Key, new: Key) -> bool {
        // Both ways are looked up before anything is done, since memory is waited for together then.
        let (from, to) = (self.path(old), self.path(new));
        let (source, target) = (&self.leaves[from.leaf].keys, &self.leaves[to.leaf].keys);
        if source.len() <= LEAF_MIN || target.is_full() {
            let was_there = self.remove(old);
            if was_there {
                self.insert(new);
            }
            return was_there;
        }
        let (at, mut target_at) = (source.count_below(old), target.count_below(new));
        if at == source.len() || source.get(at) != old {
            return false;
        }
        if from.leaf == to.leaf && at < target_at {
            target_at -= 1;
        }
        self.leaves[from.leaf].keys.remove(at);
        self.leaves[to.leaf].keys.insert(target_at, new);
        for (from, to) in from.steps().iter().zip(to.steps()) {
            if from != to {
                *self.inners[from.inner].count_mut(from.slot) -= 1;
                *self.inners[to.inner].count_mut(to.slot) += 1;
            }
        }
        true
    }
}
