//! Who ever was on a board, in few bytes each: a hash table of numbers, and what is known of each in one place.

mod lookup;
mod records;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};

use model::UserId;

use self::lookup::Lookup;
use self::records::Records;
use super::key::Player;
use crate::core::entry::Entry;

/// Players with what they have. The place of one who is removed stays empty until all are.
#[derive(Debug)]
pub(super) struct Players {
    /// Keyed, since players choose their ids and could choose colliding ones. Nothing depends on the key but where in the
    /// table a player is found, which nobody is told.
    hasher: RandomState,
    lookup: Lookup,
    records: Records,
    /// How many were removed.
    removed: u64,
}

/// What is known of a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// What they have.
    pub(super) entry: Entry,
    /// Whether they stand among the others.
    pub(super) is_shown: bool,
}

impl Players {
    /// Of nobody yet.
    pub(super) fn new() -> Self {
        let (lookup, records) = (Lookup::new(), Records::new());
        Self { hasher: RandomState::new(), lookup, records, removed: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.lookup.len() - self.removed
    }

    /// Up to `limit` players in the order in which they came, from this one on, and the number of who comes behind them.
    pub(super) fn from(&self, first: Player, limit: usize) -> (Vec<Player>, Player) {
        let (mut players, mut next) = (Vec::new(), first);
        while players.len() < limit
            && let Some(player) = self.records.first_from(next)
        {
            if !self.records.is_removed(player) {
                players.push(player);
            }
            next = self.records.behind(player);
        }
        (players, next)
    }

    /// A player by their id.
    pub(super) fn find(&self, user: &UserId) -> Option<Player> {
        self.find_hashed(user, self.hash(user))
    }

    /// What is known of a player.
    pub(super) fn known(&self, player: Player) -> Known {
        self.records.known(player)
    }

    /// The ids of players, in their order.
    pub(super) fn users(&self, players: impl Iterator<Item = Player>) -> Vec<UserId> {
        // All are looked up before any is made, since memory is waited for together then.
        let ids: Vec<&[u8]> = players.map(|player| self.records.id(player)).collect();
        let user = |id| UserId::parse(str::from_utf8(id).ok()?).ok();
        ids.into_iter().map(|id| user(id).expect("what is kept is an id")).collect()
    }

    /// A player has this from now on; with who it is, what was known before.
    pub(super) fn put(&mut self, user: &UserId, now: Known) -> (Player, Option<Known>) {
        let hash = self.hash(user);
        if let Some(player) = self.find_hashed(user, hash) {
            let before = self.records.known(player);
            if before != now {
                self.records.set(player, now);
            }
            return (player, Some(before));
        }
        let player = self.records.add(user.as_str().as_bytes(), now);
        self.lookup.add(hash, player);
        (player, None)
    }

    /// Removes a player with their id; who it was, and what was known.
    pub(super) fn remove(&mut self, user: &UserId) -> Option<(Player, Known)> {
        let player = self.find(user)?;
        let known = self.records.known(player);
        self.records.remove(player);
        self.removed += 1;
        Some((player, known))
    }

    fn find_hashed(&self, user: &UserId, hash: u32) -> Option<Player> {
        let id = user.as_str().as_bytes();
        self.lookup.find(hash, |player| self.records.id(player) == id)
    }

    fn hash(&self, user: &UserId) -> u32 {
        (self.hasher.hash_one(user.as_str()) >> 32) as u32
    }
}
