use std::collections::{BTreeMap, HashMap};

use model::UserId;

use super::*;

/// Standings as they are said to be, by walking over everybody.
pub(super) struct Oracle {
    wins: Wins,
    ranking: Ranking,
    /// With the number in which they came: who reached the same score at the same position stands by it.
    players: HashMap<UserId, (Entry, bool, usize)>,
    shown: BTreeMap<(i64, u64, usize), UserId>,
}

impl Oracle {
    pub(super) fn new(wins: Wins, ranking: Ranking) -> Self {
        Self { wins, ranking, players: HashMap::new(), shown: BTreeMap::new() }
    }

    pub(super) fn rank_by(&mut self, ranking: Ranking) {
        self.ranking = ranking;
    }

    pub(super) fn entry(&self, user: &UserId) -> Option<Entry> {
        self.players.get(user).map(|(entry, _, _)| *entry)
    }

    /// Whether a player is shown, or would be with their first score.
    pub(super) fn is_shown(&self, user: &UserId) -> bool {
        self.players.get(user).is_none_or(|(_, is_shown, _)| *is_shown)
    }

    pub(super) fn put(&mut self, user: &UserId, entry: Entry, is_shown: bool) {
        let number = self.players.get(user).map_or(self.players.len(), |(_, _, number)| *number);
        if let Some((old, true, _)) = self.players.insert(user.clone(), (entry, is_shown, number)) {
            self.shown.remove(&self.key(old, number));
        }
        if is_shown {
            self.shown.insert(self.key(entry, number), user.clone());
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.shown.len() as u64
    }

    pub(super) fn players_count(&self) -> u64 {
        self.players.len() as u64
    }

    pub(super) fn index(&self, user: &UserId) -> Option<u64> {
        let (entry, is_shown, number) = self.players.get(user)?;
        is_shown.then(|| self.shown.range(..self.key(*entry, *number)).count() as u64)
    }

    pub(super) fn index_after(&self, entry: Entry) -> u64 {
        self.shown.range(..=self.key(entry, usize::MAX)).count() as u64
    }

    pub(super) fn page(&self, from: u64, limit: usize) -> Vec<Standing> {
        let players = self.shown.values().skip(from as usize).take(limit);
        players.filter_map(|user| self.standing(user)).collect()
    }

    pub(super) fn standing(&self, user: &UserId) -> Option<Standing> {
        let (entry, is_shown, _) = *self.players.get(user)?;
        let before = self.shown.range(..(self.key(entry, 0).0, 0, 0));
        let better = before.clone().count() as u64;
        let ahead = match self.ranking {
            Ranking::Standard => better,
            Ranking::Ordinal => self.index(user)?,
            Ranking::Dense => {
                let mut scores: Vec<i64> = before.map(|((score, _, _), _)| *score).collect();
                scores.dedup();
                scores.len() as u64
            }
        };
        is_shown.then(|| Standing { user: user.clone(), entry, rank: ahead + 1, better })
    }

    fn key(&self, entry: Entry, number: usize) -> (i64, u64, usize) {
        let score = if self.wins == Wins::High { !entry.score } else { entry.score };
        (score, entry.reached.0, number)
    }
}
