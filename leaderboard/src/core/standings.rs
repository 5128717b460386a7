mod key;
mod players;
pub(crate) mod ranking;
#[cfg(test)]
mod tests;
mod tree;

use model::UserId;

use self::key::{Key, Player};
use self::players::{Known, Players};
use self::tree::Tree;
use crate::core::board::{BoardPosition, Ranking, Wins};
use crate::core::entry::Entry;

/// Players whose keys are gathered together.
const SORTED_AT_ONCE: usize = 65_536;

/// The players of a board in one of its seasons, in their order: better scores first, and of equal ones whoever reached it
/// first.
///
/// A change of a player who is known allocates nothing, but for what many such changes need once together; memory is given
/// back with the whole.
#[derive(Debug)]
pub(crate) struct Standings {
    wins: Wins,
    ranking: Ranking,
    players: Players,
    shown: Tree,
    /// The scores that are shown, each once, as far as the ranking asks for them.
    scores: Option<Tree>,
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

/// Where somebody stands.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    key: Key,
    rank: u64,
    better: u64,
}

impl Standings {
    /// Of nobody yet.
    pub(crate) fn new(wins: Wins, ranking: Ranking) -> Self {
        let (players, shown) = (Players::new(), Tree::new());
        let mut standings = Self { wins, ranking, players, shown, scores: None };
        standings.rank_by(ranking);
        standings
    }

    /// Counts ranks like this from now on. With the first [`Ranking::Dense`] all that are shown are looked at once.
    pub(crate) fn rank_by(&mut self, ranking: Ranking) {
        self.ranking = ranking;
        if ranking != Ranking::Dense {
            self.scores = None;
        } else if self.scores.is_none() {
            let mut scores = Tree::new();
            let mut last = None;
            for key in self.shown.from(0) {
                if last.replace(key.score) != Some(key.score) {
                    scores.insert(Key::first_of(key.score));
                }
            }
            self.scores = Some(scores);
        }
    }

    /// How ranks are counted.
    pub(crate) fn ranking(&self) -> Ranking {
        self.ranking
    }

    /// What a player has, shown or not.
    pub(crate) fn entry(&self, user: &UserId) -> Option<Entry> {
        self.players.find(user).map(|player| self.players.known(player).entry)
    }

    /// A player has this from now on, and stands among the others or, if they are banned, doesn't.
    pub(crate) fn put(&mut self, user: &UserId, entry: Entry, is_shown: bool) {
        let now = Known { entry, is_shown };
        let (player, before) = self.players.put(user, now);
        if before == Some(now) {
            return;
        }
        let key = |known: Known| known.is_shown.then(|| self.key(player, known.entry));
        let (old, new) = (before.and_then(key), key(now));
        self.change(old, new);
    }

    /// A player has this from now on, and stands nowhere until all are [`sort`](Self::sort)ed, which costs a part of what
    /// putting one after the other in their places does.
    pub(crate) fn put_unsorted(&mut self, user: &UserId, entry: Entry, is_shown: bool) {
        self.players.put(user, Known { entry, is_shown });
    }

    /// Of a player nothing is known any more, not even their id.
    pub(crate) fn remove(&mut self, user: &UserId) {
        let Some((player, known)) = self.players.remove(user) else { return };
        let key = self.key(player, known.entry);
        // Before all are sorted nobody stands anywhere.
        if known.is_shown && self.shown.remove(key) {
            self.left(key.score);
        }
    }

    /// All who are shown stand in their places.
    pub(crate) fn sort(&mut self) {
        let mut keys = Vec::new();
        let mut next = Player(0);
        loop {
            let (players, behind) = self.players.from(next, SORTED_AT_ONCE);
            if players.is_empty() {
                break;
            }
            next = behind;
            let known = players.iter().map(|player| (*player, self.players.known(*player)));
            let shown = known.filter(|(_, known)| known.is_shown);
            keys.extend(shown.map(|(player, known)| self.key(player, known.entry)));
        }
        keys.sort_unstable();
        (self.shown, self.scores) = (Tree::new(), None);
        for key in keys {
            self.shown.insert(key);
        }
        self.rank_by(self.ranking);
    }

    /// Up to `limit` players with what they have and whether they are shown, in the order in which they came; and where those behind
    /// them begin. The first begin at 0.
    pub(crate) fn members(&self, from: u32, limit: usize) -> (Vec<(UserId, Entry, bool)>, u32) {
        let (players, end) = self.players.from(Player(from), limit);
        let users = self.players.users(players.iter().copied());
        let known = players.iter().map(|player| self.players.known(*player));
        let members = users.into_iter().zip(known);
        (members.map(|(user, known)| (user, known.entry, known.is_shown)).collect(), end.0)
    }

    /// How many players are shown.
    pub(crate) fn count(&self) -> u64 {
        self.shown.len()
    }

    /// How many players there are, shown or not.
    pub(crate) fn players_count(&self) -> u64 {
        self.players.len()
    }

    /// The player's place from the top, from 0, whatever the ranking; `None` for whoever isn't shown.
    pub(crate) fn index(&self, user: &UserId) -> Option<u64> {
        Some(self.shown.count_below(self.shown_key(user)?))
    }

    /// The place of the first who stands behind this entry, whether or not anybody has it.
    pub(crate) fn index_after(&self, entry: Entry) -> u64 {
        let score = self.score_key(entry.score);
        self.shown.count_below(Key::last_of(score, entry.reached.0))
    }

    /// Up to `limit` players from this place on, with their ranks.
    pub(crate) fn page(&self, from: u64, limit: usize) -> Vec<Standing> {
        let keys: Vec<Key> = self.shown.from(from).take(limit).collect();
        let users = self.players.users(keys.iter().map(|key| key.player));
        let mut last: Option<Ranked> = None;
        let standings = keys.into_iter().zip(from..).zip(users).map(|((key, place), user)| {
            let ranked = match last {
                Some(last) => self.ranked_behind(last, key, place),
                None => self.ranked(key),
            };
            last = Some(ranked);
            self.standing_of(ranked, user)
        });
        standings.collect()
    }

    /// A player with up to `each` neighbours above and below: the place of the first of them, which of them the player is,
    /// and they; `None` for whoever isn't shown.
    pub(crate) fn around(&self, user: &UserId, each: usize) -> Option<(u64, usize, Vec<Standing>)> {
        let place = self.index(user)?;
        let above = place.min(each as u64);
        let first = place - above;
        Some((first, above as usize, self.page(first, above as usize + 1 + each)))
    }

    /// A player's place; `None` for whoever isn't shown.
    pub(crate) fn standing(&self, user: &UserId) -> Option<Standing> {
        let ranked = self.ranked(self.shown_key(user)?);
        Some(self.standing_of(ranked, user.clone()))
    }

    /// Where it is that this key is shown.
    fn ranked(&self, key: Key) -> Ranked {
        let first = Key::first_of(key.score);
        let better = self.shown.count_below(first);
        let before = match (self.ranking, &self.scores) {
            (Ranking::Ordinal, _) => self.shown.count_below(key),
            (Ranking::Dense, Some(scores)) => scores.count_below(first),
            (Ranking::Standard, _) | (Ranking::Dense, None) => better,
        };
        Ranked { key, rank: before + 1, better }
    }

    /// Where it is that the next key is shown, at this place.
    fn ranked_behind(&self, last: Ranked, key: Key, place: u64) -> Ranked {
        let is_equal = last.key.score == key.score;
        let better = if is_equal { last.better } else { place };
        let rank = match self.ranking {
            Ranking::Ordinal => place + 1,
            Ranking::Standard => better + 1,
            Ranking::Dense => last.rank + u64::from(!is_equal),
        };
        Ranked { key, rank, better }
    }

    /// Somebody who stood with the old key stands with the new one.
    fn change(&mut self, old: Option<Key>, new: Option<Key>) {
        if let Some(new) = new
            && let Some(scores) = &mut self.scores
            && !self.shown.has_score(new.score)
        {
            scores.insert(Key::first_of(new.score));
        }
        let is_done = match (old, new) {
            (Some(old), Some(new)) => self.shown.replace(old, new),
            (Some(old), None) => self.shown.remove(old),
            (None, Some(new)) => {
                self.shown.insert(new);
                true
            }
            (None, None) => true,
        };
        debug_assert!(is_done, "whoever is shown is in the tree");
        if let Some(old) = old {
            self.left(old.score);
        }
    }

    /// Somebody who had this score stands elsewhere.
    fn left(&mut self, score: i64) {
        if let Some(scores) = &mut self.scores
            && !self.shown.has_score(score)
        {
            scores.remove(Key::first_of(score));
        }
    }

    fn shown_key(&self, user: &UserId) -> Option<Key> {
        let player = self.players.find(user)?;
        let known = self.players.known(player);
        known.is_shown.then(|| self.key(player, known.entry))
    }

    fn key(&self, player: Player, entry: Entry) -> Key {
        Key { score: self.score_key(entry.score), reached: entry.reached.0, player }
    }

    fn standing_of(&self, ranked: Ranked, user: UserId) -> Standing {
        let Ranked { key, rank, better } = ranked;
        let score = self.score_key(key.score);
        let entry = Entry { score, reached: BoardPosition(key.reached) };
        Standing { user, entry, rank, better }
    }

    /// Better scores have lower keys; `!` turns the order of all integers round, and back.
    fn score_key(&self, score: i64) -> i64 {
        match self.wins {
            Wins::High => !score,
            Wins::Low => score,
        }
    }
}
