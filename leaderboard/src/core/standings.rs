use std::collections::{BTreeMap, HashMap};

use model::UserId;

use crate::core::board::{BoardPosition, Ranking, Wins};
use crate::core::entry::Entry;

/// The players of a board in one of its seasons, in their order: better scores first, and of equal ones whoever reached it
/// first.
#[derive(Debug, Clone)]
pub(crate) struct Standings {
    wins: Wins,
    players: HashMap<UserId, (Entry, bool)>,
    joined: Vec<UserId>,
    shown: BTreeMap<(i64, BoardPosition), UserId>,
}

/// A player and their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The player.
    pub user: UserId,
    /// What they have.
    pub entry: Entry,
    /// Their rank, from 1, as the board counts.
    pub rank: u64,
    /// How many have a better score, however the board counts ranks: percentiles come from it.
    pub better: u64,
}

impl Standings {
    /// Of nobody yet.
    pub(crate) fn new(wins: Wins) -> Self {
        Self { wins, players: HashMap::new(), joined: Vec::new(), shown: BTreeMap::new() }
    }

    /// What a player has, shown or not.
    pub(crate) fn entry(&self, user: &UserId) -> Option<Entry> {
        self.players.get(user).map(|(entry, _)| *entry)
    }

    /// A player has this from now on, and stands among the others or, if they are banned, doesn't.
    pub(crate) fn put(&mut self, user: &UserId, entry: Entry, is_shown: bool) {
        match self.players.insert(user.clone(), (entry, is_shown)) {
            Some((old, true)) => drop(self.shown.remove(&self.key(old))),
            Some(_) => {}
            None => self.joined.push(user.clone()),
        }
        if is_shown {
            self.shown.insert(self.key(entry), user.clone());
        }
    }

    /// Up to `limit` players with what they have, shown or not, in the order in which they came, from this one on.
    pub(crate) fn members(&self, from: u32, limit: usize) -> Vec<(UserId, Entry)> {
        let members = self.joined.iter().skip(from as usize).take(limit);
        members.filter_map(|user| Some((user.clone(), self.entry(user)?))).collect()
    }

    /// How many players are shown.
    pub(crate) fn count(&self) -> u64 {
        self.shown.len() as u64
    }

    /// The player's place from the top, from 0, whatever the ranking; `None` for whoever isn't shown.
    pub(crate) fn index(&self, user: &UserId) -> Option<u64> {
        let (entry, is_shown) = self.players.get(user)?;
        is_shown.then(|| self.shown.range(..self.key(*entry)).count() as u64)
    }

    /// The place of the first who stands behind this entry, whether or not anybody has it.
    pub(crate) fn index_after(&self, entry: Entry) -> u64 {
        self.shown.range(..=self.key(entry)).count() as u64
    }

    /// Up to `limit` players from this place on, with their ranks.
    pub(crate) fn page(&self, from: u64, limit: usize, ranking: Ranking) -> Vec<Standing> {
        let players = self.shown.values().skip(from as usize).take(limit);
        let standing = |user: &UserId| self.standing(user, ranking);
        players.filter_map(standing).collect()
    }

    /// A player's place; `None` for whoever isn't shown.
    pub(crate) fn standing(&self, user: &UserId, ranking: Ranking) -> Option<Standing> {
        let (entry, is_shown) = *self.players.get(user)?;
        let before = self.shown.range(..(self.score_key(entry.score), BoardPosition(0)));
        let better = before.clone().count() as u64;
        let ahead = match ranking {
            Ranking::Standard => better,
            Ranking::Ordinal => self.index(user)?,
            Ranking::Dense => {
                let mut scores: Vec<i64> = before.map(|((score, _), _)| *score).collect();
                scores.dedup();
                scores.len() as u64
            }
        };
        is_shown.then(|| Standing { user: user.clone(), entry, rank: ahead + 1, better })
    }

    fn key(&self, entry: Entry) -> (i64, BoardPosition) {
        (self.score_key(entry.score), entry.reached)
    }

    /// Better scores have lower keys; `!` turns the order of all integers round.
    fn score_key(&self, score: i64) -> i64 {
        match self.wins {
            Wins::High => !score,
            Wins::Low => score,
        }
    }
}
