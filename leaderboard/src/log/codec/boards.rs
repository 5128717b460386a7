//! Boards as bytes, with their seasons.

use std::sync::Arc;

use model::Timestamp;

use super::numbers::Numbered;
use super::parts::{flag, put_standings, read_standings, user, word};
use super::{Decoder, Encoder};
use crate::core::board::{Board, BoardNumber, BoardPosition, Rules, ScoreRange};
use crate::core::record::{Sealed, SeasonRecord};
use crate::core::season::{Calendar, Ended, Reward, Rewarded, Schedule, Season, SeasonRules};
use segment_log::{Bytes, Malformed, put_i64, put_text, put_u64};

/// How a board is played in seasons: not, once, again and again.
const WITHOUT: u8 = 0;
const ENDS: u8 = 1;
const REPEATS: u8 = 2;
/// Who gets a reward.
const RANKS: u8 = 1;
const TOP: u8 = 2;
/// The rewards of a season: those that were written last, or others.
const SAME: u8 = 0;
const OTHERS: u8 = 1;

type Rewards = Arc<[Reward]>;

impl<'a> Encoder<'a, '_> {
    /// Writes a board.
    pub(in crate::log) fn board(&mut self, board: &'a Board) {
        let Rules { wins, operator, ranking, readers, range, season } = &board.rules;
        self.board_id(&board.id);
        put_u64(self.out, board.number.0);
        let words = [wins.number(), operator.number(), ranking.number(), readers.number()];
        self.out.extend_from_slice(&words);
        put_i64(self.out, range.min);
        put_i64(self.out, range.max);
        put_i64(self.out, board.created.0);
        put_season_rules(self.out, season.as_deref());
        // Most seasons had the same rewards.
        let mut rewards = season.as_ref().map_or(&[][..], |season| &season.rewards);
        put_u64(self.out, board.past.len() as u64);
        for season in board.seasons() {
            put_season(self.out, season, rewards);
            rewards = season.ended.as_ref().map_or(rewards, |ended| &ended.rewards);
        }
    }

    /// Writes what became of a board's seasons.
    pub(super) fn season(&mut self, season: &'a SeasonRecord) {
        let SeasonRecord { board, position, sealed } = season;
        self.board(board);
        put_u64(self.out, position.0);
        self.out.push(u8::from(sealed.is_some()));
        if let Some(Sealed { standings, left_out }) = sealed {
            put_standings(self.out, *standings);
            put_u64(self.out, left_out.len() as u64);
            for user in left_out {
                put_text(self.out, user.as_str());
            }
        }
    }
}

impl Decoder<'_> {
    /// A board.
    pub(in crate::log) fn board(&mut self) -> Result<Board, Malformed> {
        let board = self.plain_board()?;
        let season = read_season_rules(&mut self.bytes)?.map(Arc::new);
        let mut rewards: Rewards = match &season {
            Some(season) => Arc::clone(&season.rewards),
            None => Arc::from([]),
        };
        let mut past = Vec::new();
        for _ in 0..self.bytes.u64()? {
            past.push(read_season(&mut self.bytes, &mut rewards)?);
        }
        let rules = Rules { season, ..board.rules };
        let season = read_season(&mut self.bytes, &mut rewards)?;
        Ok(Board { rules, season, past: past.into(), ..board })
    }

    /// What became of a board's seasons.
    pub(super) fn season(&mut self) -> Result<SeasonRecord, Malformed> {
        let board = self.board()?;
        let position = BoardPosition(self.bytes.u64()?);
        let mut sealed = None;
        if flag(&mut self.bytes)? {
            let standings = read_standings(&mut self.bytes)?;
            let mut left_out = Vec::new();
            for _ in 0..self.bytes.u64()? {
                left_out.push(user(&mut self.bytes)?);
            }
            sealed = Some(Sealed { standings, left_out });
        }
        Ok(SeasonRecord { board, position, sealed })
    }

    /// A board as it was written before there were seasons.
    pub(in crate::log) fn plain_board(&mut self) -> Result<Board, Malformed> {
        let id = self.board_id()?;
        let number = BoardNumber(self.bytes.u64()?);
        let rules = Rules {
            wins: word(&mut self.bytes)?,
            operator: word(&mut self.bytes)?,
            ranking: word(&mut self.bytes)?,
            readers: word(&mut self.bytes)?,
            range: ScoreRange { min: self.bytes.i64()?, max: self.bytes.i64()? },
            season: None,
        };
        let created = Timestamp(self.bytes.i64()?);
        let season = Season::first(created, None);
        Ok(Board { id, number, rules, created, season, past: Arc::from([]) })
    }
}

fn put_season_rules(out: &mut Vec<u8>, rules: Option<&SeasonRules>) {
    let Some(SeasonRules { schedule, grace_ms, archives, rewards }) = rules else {
        out.push(WITHOUT);
        return;
    };
    match schedule {
        Schedule::Ends(at) => {
            out.push(ENDS);
            put_i64(out, at.0);
        }
        Schedule::Repeats(calendar) => {
            out.push(REPEATS);
            put_text(out, calendar.expression());
            put_text(out, calendar.zone());
        }
    }
    put_i64(out, *grace_ms);
    put_u64(out, *archives as u64);
    put_rewards(out, rewards);
}

fn read_season_rules(bytes: &mut Bytes<'_>) -> Result<Option<SeasonRules>, Malformed> {
    let schedule = match bytes.u8()? {
        WITHOUT => return Ok(None),
        ENDS => Schedule::Ends(Timestamp(bytes.i64()?)),
        REPEATS => {
            let calendar = Calendar::parse(bytes.text()?, bytes.text()?);
            Schedule::Repeats(calendar.map_err(|_| Malformed)?)
        }
        _ => return Err(Malformed),
    };
    let grace_ms = bytes.i64()?;
    let archives = usize::try_from(bytes.u64()?).map_err(|_| Malformed)?;
    let rewards = read_rewards(bytes)?;
    Ok(Some(SeasonRules { schedule, grace_ms, archives, rewards }))
}

fn put_rewards(out: &mut Vec<u8>, rewards: &[Reward]) {
    put_u64(out, rewards.len() as u64);
    for Reward { to, data } in rewards {
        match *to {
            Rewarded::Ranks { from, to } => {
                out.push(RANKS);
                put_u64(out, from);
                put_u64(out, to);
            }
            Rewarded::Top { percent_hundredths } => {
                out.push(TOP);
                put_u64(out, percent_hundredths.into());
            }
        }
        put_text(out, data);
    }
}

fn read_rewards(bytes: &mut Bytes<'_>) -> Result<Rewards, Malformed> {
    let mut rewards = Vec::new();
    for _ in 0..bytes.u64()? {
        let to = match bytes.u8()? {
            RANKS => Rewarded::Ranks { from: bytes.u64()?, to: bytes.u64()? },
            TOP => {
                let percent_hundredths = u16::try_from(bytes.u64()?).map_err(|_| Malformed)?;
                Rewarded::Top { percent_hundredths }
            }
            _ => return Err(Malformed),
        };
        rewards.push(Reward { to, data: Arc::from(bytes.text()?) });
    }
    Ok(rewards.into())
}

/// Writes a season behind one that had these rewards.
fn put_season(out: &mut Vec<u8>, season: &Season, before: &[Reward]) {
    put_u64(out, season.number.into());
    put_i64(out, season.starts.0);
    out.push(u8::from(season.ends.is_some()));
    if let Some(ends) = season.ends {
        put_i64(out, ends.0);
    }
    out.push(u8::from(season.ended.is_some()));
    if let Some(Ended { closes, is_sealed, ranking, rewards }) = &season.ended {
        put_i64(out, closes.0);
        out.push(u8::from(*is_sealed));
        out.push(ranking.number());
        if **rewards == *before {
            out.push(SAME);
        } else {
            out.push(OTHERS);
            put_rewards(out, rewards);
        }
    }
}

/// Reads a season behind one that had these rewards, which are its own then.
fn read_season(bytes: &mut Bytes<'_>, rewards: &mut Rewards) -> Result<Season, Malformed> {
    let number = u32::try_from(bytes.u64()?).map_err(|_| Malformed)?;
    let starts = Timestamp(bytes.i64()?);
    let ends = if flag(bytes)? { Some(Timestamp(bytes.i64()?)) } else { None };
    let mut ended = None;
    if flag(bytes)? {
        let (closes, is_sealed) = (Timestamp(bytes.i64()?), flag(bytes)?);
        let ranking = word(bytes)?;
        match bytes.u8()? {
            SAME => {}
            OTHERS => *rewards = read_rewards(bytes)?,
            _ => return Err(Malformed),
        }
        ended = Some(Ended { closes, is_sealed, ranking, rewards: Arc::clone(rewards) });
    }
    Ok(Season { number, starts, ends, ended })
}
