use crate::core::standings::key::{Key, Player};

/// The most keys of a node: moving half of them costs less than waiting for another node's memory.
pub(super) const KEYS_MAX: usize = 64;

/// Scores in a block: a line of a cache.
const BLOCK: usize = 8;

/// Some keys, ascending. Their parts lie apart, so that a search reads scores only unless some are equal.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    len: u32,
    /// Those that aren't used are the highest there are.
    scores: [i64; KEYS_MAX],
    reached: [u64; KEYS_MAX],
    players: [u32; KEYS_MAX],
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            len: 0,
            scores: [i64::MAX; KEYS_MAX],
            reached: [0; KEYS_MAX],
            players: [0; KEYS_MAX],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() == KEYS_MAX
    }

    pub(super) fn get(&self, at: usize) -> Key {
        Key { score: self.scores[at], reached: self.reached[at], player: Player(self.players[at]) }
    }

    /// How many are below `key`.
    pub(super) fn count_below(&self, key: Key) -> usize {
        // The last score of each block, then one block: these wait for memory once, where halving would wait at every step.
        // Scores that aren't used are never below.
        let (blocks, _) = self.scores.as_chunks::<BLOCK>();
        let is_below = |score: &i64| usize::from(*score < key.score);
        let whole: usize = blocks.iter().map(|block| is_below(&block[BLOCK - 1])).sum();
        let rest = blocks.get(whole).map_or(0, |block| block.iter().map(is_below).sum());
        let lower = whole * BLOCK + rest;
        let (mut low, mut high) = (lower, self.len());
        while low < high && self.scores[low] == key.score {
            let middle = usize::midpoint(low, high);
            if self.get(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(super) fn set(&mut self, at: usize, key: Key) {
        self.scores[at] = key.score;
        self.reached[at] = key.reached;
        self.players[at] = key.player.0;
    }

    /// There must be room.
    pub(super) fn insert(&mut self, at: usize, key: Key) {
        let len = self.len();
        open_gap(&mut self.scores, at, len);
        open_gap(&mut self.reached, at, len);
        open_gap(&mut self.players, at, len);
        self.set(at, key);
        self.len += 1;
    }

    pub(super) fn remove(&mut self, at: usize) {
        let len = self.len();
        close_gap(&mut self.scores, at, len);
        close_gap(&mut self.reached, at, len);
        close_gap(&mut self.players, at, len);
        self.len -= 1;
        self.scores[len - 1] = i64::MAX;
    }

    /// Moves keys between this and the next node, so that this one has `left` of what both have.
    pub(super) fn share(&mut self, next: &mut Self, left: usize) {
        let lens = (self.len(), next.len());
        share(&mut self.scores, &mut next.scores, lens, left);
        share(&mut self.reached, &mut next.reached, lens, left);
        share(&mut self.players, &mut next.players, lens, left);
        let right = lens.0 + lens.1 - left;
        self.scores[left..].fill(i64::MAX);
        next.scores[right..].fill(i64::MAX);
        (self.len, next.len) = (left as u32, right as u32);
    }
}

/// Moves the values from `at` on one up, of `len`.
pub(super) fn open_gap<T: Copy>(values: &mut [T; KEYS_MAX], at: usize, len: usize) {
    values.copy_within(at..len, at + 1);
}

/// Moves the values behind `at` one down, of `len`.
pub(super) fn close_gap<T: Copy>(values: &mut [T; KEYS_MAX], at: usize, len: usize) {
    values.copy_within(at + 1..len, at);
}

/// Moves values between neighbours that have so many, so that the left one has `want` of them.
pub(super) fn share<T: Copy>(
    left: &mut [T; KEYS_MAX],
    right: &mut [T; KEYS_MAX],
    lens: (usize, usize),
    want: usize,
) {
    if want < lens.0 {
        let moved = lens.0 - want;
        right.copy_within(..lens.1, moved);
        right[..moved].copy_from_slice(&left[want..lens.0]);
    } else {
        let moved = want - lens.0;
        left[lens.0..want].copy_from_slice(&right[..moved]);
        right.copy_within(moved..lens.1, 0);
    }
}
