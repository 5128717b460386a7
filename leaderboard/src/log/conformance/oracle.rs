use std::collections::BTreeMap;

use crate::{Amount, Operator, Ranking, Refusal, Rules, ScoreEvent, Wins};

/// What boards come to, worked out by the rules in the plainest way.
#[derive(Debug, Default, Clone)]
pub(super) struct Oracle {
    boards: BTreeMap<String, PlainBoard>,
}

#[derive(Debug, Clone)]
struct PlainBoard {
    rules: Rules,
    changes: u64,
    players: Vec<Player>,
    banned: Vec<String>,
}

/// Somebody with a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Player {
    pub(super) name: String,
    pub(super) score: i64,
    pub(super) reached: u64,
}

impl Oracle {
    pub(super) fn put_board(&mut self, name: &str, rules: &Rules) {
        let (players, banned) = (Vec::new(), Vec::new());
        let new = PlainBoard { rules: rules.clone(), changes: 0, players, banned };
        self.boards.entry(name.to_owned()).or_insert(new).rules = rules.clone();
    }

    pub(super) fn delete_board(&mut self, name: &str) {
        self.boards.remove(name);
    }

    pub(super) fn ban(&mut self, board: &str, player: &str, is_banned: bool) {
        let Some(board) = self.boards.get_mut(board) else { return };
        let was_banned = board.banned.iter().any(|it| it == player);
        if was_banned != is_banned {
            board.changes += 1;
            board.banned.retain(|it| it != player);
            board.banned.extend(is_banned.then(|| player.to_owned()));
        }
    }

    /// The scores after an event that comes for the first time; nothing is changed if it is refused.
    pub(super) fn post(&mut self, event: &ScoreEvent) -> Result<Vec<i64>, Refusal> {
        let mut after = self.clone();
        let mut scores = Vec::new();
        for change in &event.changes {
            let board = after.boards.get_mut(change.board.as_str()).ok_or(Refusal::NoSuchBoard)?;
            scores.push(board.post(change.user.as_str(), change.amount)?);
        }
        *self = after;
        Ok(scores)
    }

    /// Everybody on a board, as `player rank score`.
    pub(super) fn table(&self, board: &str) -> Vec<String> {
        self.boards.get(board).map(PlainBoard::table).unwrap_or_default()
    }

    /// How many changes a board has seen.
    pub(super) fn changes(&self, board: &str) -> u64 {
        self.boards.get(board).map_or(0, |board| board.changes)
    }
}

impl PlainBoard {
    fn post(&mut self, name: &str, amount: Amount) -> Result<i64, Refusal> {
        let place = self.players.iter().position(|it| it.name == name);
        let before = place.map(|place| self.players[place].score);
        let score: i128 = match (self.rules.operator, amount) {
            (Operator::Sum, Amount::Delta(delta)) => {
                i128::from(before.unwrap_or(0)) + i128::from(delta)
            }
            (Operator::Sum, Amount::Score(_)) => return Err(Refusal::NeedsDelta),
            (_, Amount::Delta(_)) => return Err(Refusal::NeedsScore),
            (_, Amount::Score(score)) => i128::from(score),
        };
        let (min, max) = (self.rules.range.min, self.rules.range.max);
        let score = i64::try_from(score).ok().filter(|score| (min..=max).contains(score));
        let mut score = score.ok_or(Refusal::OutOfRange { min, max })?;
        if let Some(before) = before
            && self.rules.operator == Operator::Best
        {
            score =
                if self.rules.wins == Wins::High { score.max(before) } else { score.min(before) };
        }
        self.changes += 1;
        if before != Some(score) {
            self.players.retain(|it| it.name != name);
            self.players.push(Player { name: name.to_owned(), score, reached: self.changes });
        }
        Ok(score)
    }

    fn table(&self) -> Vec<String> {
        let shown = self.players.iter().filter(|it| !self.banned.contains(&it.name));
        ranked(shown.collect(), self.rules.wins, self.rules.ranking)
    }
}

/// Players in their order, as `player rank score`.
pub(super) fn ranked(mut players: Vec<&Player>, wins: Wins, ranking: Ranking) -> Vec<String> {
    players.sort_by_key(|it| {
        let score = i128::from(it.score);
        (if wins == Wins::High { -score } else { score }, it.reached)
    });
    let line = |(place, player): (usize, &&Player)| {
        let better = players[..place].iter().filter(|it| it.score != player.score);
        let rank = 1 + match ranking {
            Ranking::Ordinal => place,
            Ranking::Standard => better.count(),
            Ranking::Dense => {
                let mut scores: Vec<_> = better.map(|it| it.score).collect();
                scores.dedup();
                scores.len()
            }
        };
        format!("{} {rank} {}", player.name, player.score)
    };
    players.iter().enumerate().map(line).collect()
}
