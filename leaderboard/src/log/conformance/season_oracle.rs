use model::Timestamp;

use super::oracle::{Player, ranked};
use crate::{Ranking, Refusal, SeasonState, Wins};

/// How long a season of the board takes that the oracle knows, milliseconds: each begins with a minute of UTC.
pub(super) const SEASON_MS: i64 = 60_000;

/// What is set about the seasons of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainRules {
    pub(super) ranking: Ranking,
    pub(super) grace_ms: i64,
    pub(super) archives: usize,
}

/// A board of sums, high ones win, a season a minute, worked out by the rules in the plainest way.
#[derive(Debug)]
pub(super) struct SeasonOracle {
    rules: PlainRules,
    pub(super) changes: u64,
    banned: Vec<String>,
    /// Oldest first; the last one is open.
    seasons: Vec<PlainSeason>,
}

#[derive(Debug)]
struct PlainSeason {
    number: u32,
    starts: i64,
    ends: i64,
    /// Until when it takes late events, and how ranks are counted, since it ended.
    ended: Option<(i64, Ranking)>,
    is_sealed: bool,
    players: Vec<Player>,
}

impl SeasonOracle {
    pub(super) fn new(rules: PlainRules, at: Timestamp) -> Self {
        let first = PlainSeason::open(0, at.0, minute(at.0) + SEASON_MS);
        Self { rules, changes: 0, banned: Vec::new(), seasons: vec![first] }
    }

    /// All has ended that does so by then, each thing at a position of its own.
    pub(super) fn bring_to(&mut self, at: Timestamp) {
        loop {
            let newest = self.seasons.len() - 1;
            let is_late = |season: &&mut PlainSeason| {
                !season.is_sealed && season.ended.is_some_and(|(closes, _)| closes <= at.0)
            };
            if let Some(season) = self.seasons[..newest].iter_mut().find(is_late) {
                season.is_sealed = true;
                season.players.retain(|it| !self.banned.contains(&it.name));
            } else if self.seasons[newest].ends <= at.0 {
                let last = &mut self.seasons[newest];
                // Minutes that passed unseen had no season.
                let next =
                    PlainSeason::open(last.number + 1, minute(at.0), minute(at.0) + SEASON_MS);
                let closes = (last.ends + self.rules.grace_ms).min(next.ends);
                last.ended = Some((closes, self.rules.ranking));
                self.seasons.push(next);
            } else {
                return;
            }
            self.changes += 1;
            self.trim();
        }
    }

    pub(super) fn put(&mut self, rules: PlainRules, at: Timestamp) {
        self.bring_to(at);
        self.rules = rules;
        let before = self.seasons.len();
        self.trim();
        self.changes += u64::from(self.seasons.len() != before);
    }

    pub(super) fn ban(&mut self, player: &str, is_banned: bool, at: Timestamp) {
        self.bring_to(at);
        if self.banned.iter().any(|it| it == player) != is_banned {
            self.changes += 1;
            self.banned.retain(|it| it != player);
            self.banned.extend(is_banned.then(|| player.to_owned()));
        }
    }

    /// The seasons and scores after an event of some changes, if it isn't refused.
    pub(super) fn post(
        &mut self,
        changes: &[(String, i64)],
        happened: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<Vec<(u32, i64)>, Refusal> {
        self.bring_to(at);
        let place = self.season_of(happened.map(|it| it.0.min(at.0)))?;
        let season = &mut self.seasons[place];
        let mut told = Vec::new();
        for (name, points) in changes {
            self.changes += 1;
            let known = season.players.iter().position(|it| it.name == *name);
            let before = known.map(|place| season.players[place].score);
            let score = before.unwrap_or(0) + points;
            if before != Some(score) {
                season.players.retain(|it| it.name != *name);
                season.players.push(Player { name: name.clone(), score, reached: self.changes });
            }
            told.push((season.number, score));
        }
        Ok(told)
    }

    /// Which season takes what happened then.
    fn season_of(&self, happened: Option<i64>) -> Result<usize, Refusal> {
        let Some(happened) = happened else { return Ok(self.seasons.len() - 1) };
        let began = |it: &PlainSeason| it.starts <= happened || it.number == 0;
        let Some(place) = self.seasons.iter().rposition(began) else {
            return Err(Refusal::SeasonClosed { closed_ms: self.seasons[0].starts });
        };
        let season = &self.seasons[place];
        match season.ended {
            Some((closes, _)) if season.is_sealed => {
                Err(Refusal::SeasonClosed { closed_ms: closes })
            }
            _ if happened >= season.ends => Err(Refusal::SeasonClosed { closed_ms: season.ends }),
            _ => Ok(place),
        }
    }

    /// Drops what is kept no more; never what still takes events.
    fn trim(&mut self) {
        let past = self.seasons.len() - 1;
        let is_late = past > 0 && !self.seasons[past - 1].is_sealed;
        let kept = self.rules.archives.max(usize::from(is_late));
        self.seasons.drain(..past.saturating_sub(kept));
    }

    /// Number, beginning, end and state of each season.
    pub(super) fn seasons(&self) -> Vec<(u32, Timestamp, Option<Timestamp>, SeasonState)> {
        let season = |it: &PlainSeason| {
            let state = match it.ended {
                None => SeasonState::Open,
                Some(_) if it.is_sealed => SeasonState::Sealed,
                Some(_) => SeasonState::Grace,
            };
            (it.number, Timestamp(it.starts), Some(Timestamp(it.ends)), state)
        };
        self.seasons.iter().map(season).collect()
    }

    /// Everybody on a season that is kept, as `player rank score`.
    pub(super) fn table(&self, number: u32) -> Vec<String> {
        let season = self.seasons.iter().find(|it| it.number == number).expect("it is kept");
        let is_shown = |it: &&Player| season.is_sealed || !self.banned.contains(&it.name);
        let ranking = season.ended.map_or(self.rules.ranking, |(_, ranking)| ranking);
        ranked(season.players.iter().filter(is_shown).collect(), Wins::High, ranking)
    }

    /// Moments at which something ends.
    pub(super) fn edges(&self) -> Vec<i64> {
        let closes = self.seasons.iter().filter_map(|it| Some(it.ended?.0));
        closes.chain(self.seasons.iter().map(|it| it.ends)).collect()
    }
}

impl PlainSeason {
    fn open(number: u32, starts: i64, ends: i64) -> Self {
        Self { number, starts, ends, ended: None, is_sealed: false, players: Vec::new() }
    }
}

/// The beginning of the minute.
fn minute(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(SEASON_MS)
}
