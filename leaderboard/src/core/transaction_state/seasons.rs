//! What time makes of a board's seasons.

use std::sync::Arc;

use model::Timestamp;

use crate::core::board::{Board, Rules};
use crate::core::limits::{ARCHIVES_MAX, GRACE_MS_MAX};
use crate::core::refusal::Refusal;
use crate::core::season::{Ended, Reward, Schedule, Season, SeasonState};

/// When the next thing of a board's seasons comes to its end: the grace of one, or the present one.
pub(crate) fn due(board: &Board) -> Option<Timestamp> {
    let late = in_grace(board).and_then(Season::closes);
    let open = board.season.ends.filter(|_| board.season.ended.is_none());
    [late, open].into_iter().flatten().min()
}

/// The board once the next thing has come to its end that did so by `at`, and which season is sealed with that; `None` if
/// nothing did.
pub(super) fn next(board: &Board, at: Timestamp) -> Option<(Board, Option<u32>)> {
    if due(board)? > at {
        return None;
    }
    let mut next = match in_grace(board).map(|season| season.number) {
        Some(number) => (sealed(board, number), Some(number)),
        None => (ended(board, at), None),
    };
    trim(&mut next.0);
    Some(next)
}

/// The season that takes events which happened at this time, if one does.
pub(super) fn season_of(
    board: &Board,
    happened: Option<Timestamp>,
    at: Timestamp,
) -> Result<&Season, Refusal> {
    let closed = |closed: Timestamp| Refusal::SeasonClosed { closed_ms: closed.0 };
    // Nothing happens after it came.
    let happened = happened.map(|happened| happened.min(at));
    let Some(happened) = happened else {
        // That it isn't said when it happened means now.
        let is_open = board.season.ended.is_none();
        let ended = board.season.ends.unwrap_or(at);
        return if is_open { Ok(&board.season) } else { Err(closed(ended)) };
    };
    let mut later = None;
    for season in board.seasons().rev() {
        // Before the first season there was none.
        if happened >= season.starts || season.number == 0 {
            return match (season.state(), season.ends) {
                (SeasonState::Sealed, _) => Err(closed(season.closes().unwrap_or(at))),
                // None took place then.
                (_, Some(ends)) if happened >= ends => Err(closed(ends)),
                (SeasonState::Open | SeasonState::Grace, _) => Ok(season),
            };
        }
        later = Some(season.starts);
    }
    Err(closed(later.unwrap_or(at)))
}

/// The board with these rules from `at` on. Errs if seasons can't be as they say.
pub(super) fn with_rules(board: Board, rules: Rules, at: Timestamp) -> Result<Board, Refusal> {
    check(&rules)?;
    let schedule = |rules: &Rules| rules.season.as_ref().map(|season| season.schedule.clone());
    let is_same = schedule(&board.rules) == schedule(&rules);
    let mut board = Board { rules, ..board };
    if !is_same {
        let ends = first_end(&board.rules, at)?;
        if board.season.ended.is_none() {
            board.season.ends = ends;
        } else {
            let number = board.season.number.saturating_add(1);
            begin(&mut board, Season { number, starts: at, ends, ended: None });
        }
    }
    trim(&mut board);
    Ok(board)
}

/// When the first season of these rules ends, if ever.
pub(super) fn first_end(rules: &Rules, at: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let Some(season) = &rules.season else { return Ok(None) };
    season.schedule.next_after(at).map(Some).ok_or(Refusal::SeasonOver)
}

/// Errs if seasons can't be as these rules say.
pub(super) fn check(rules: &Rules) -> Result<(), Refusal> {
    let Some(season) = &rules.season else { return Ok(()) };
    let is_lost = matches!(season.schedule, Schedule::Repeats(_))
        && season.archives == 0
        && !season.rewards.is_empty();
    let can_be = (0..=GRACE_MS_MAX).contains(&season.grace_ms)
        && season.archives <= ARCHIVES_MAX
        && Reward::check(&season.rewards).is_ok();
    if can_be && !is_lost { Ok(()) } else { Err(Refusal::Season) }
}

/// The season that takes late events: only the last one that ended does.
fn in_grace(board: &Board) -> Option<&Season> {
    let last = board.seasons().rev().find(|season| season.ended.is_some());
    last.filter(|season| season.state() == SeasonState::Grace)
}

/// The board once this season is final.
fn sealed(board: &Board, number: u32) -> Board {
    let mut board = board.clone();
    let open_until = board.season.ends.filter(|_| board.season.ended.is_none());
    let seal = |season: &mut Season| {
        if let Some(ended) = &mut season.ended {
            ended.is_sealed = true;
            // The next end may have been put before the end of its grace since.
            ended.closes = open_until.map_or(ended.closes, |ends| ended.closes.min(ends));
        }
    };
    if board.season.number == number {
        seal(&mut board.season);
        return board;
    }
    let mut past = board.past.to_vec();
    past.iter_mut().filter(|season| season.number == number).for_each(seal);
    board.past = past.into();
    board
}

/// The board once its season has ended, in the one that contains `at` if seasons follow each other.
fn ended(board: &Board, at: Timestamp) -> Board {
    let mut board = board.clone();
    let ends = board.season.ends.unwrap_or(at);
    let rules = board.rules.season.clone();
    let schedule = rules.as_ref().map(|rules| &rules.schedule);
    let following = match schedule {
        Some(Schedule::Repeats(calendar)) => {
            // Those of which all passed while nothing was written never took place.
            let starts = calendar.latest(ends, at).unwrap_or(ends);
            let number = board.season.number.saturating_add(1);
            Some(Season { number, starts, ends: calendar.next_after(starts), ended: None })
        }
        Some(Schedule::Ends(_)) | None => None,
    };
    let next_end = following.as_ref().and_then(|season| season.ends);
    let closes = ends.plus_ms(rules.as_ref().map_or(0, |rules| rules.grace_ms));
    board.season.ended = Some(Ended {
        closes: next_end.map_or(closes, |next| closes.min(next)),
        is_sealed: false,
        ranking: board.rules.ranking,
        rewards: rules.map_or_else(|| Arc::from([]), |rules| Arc::clone(&rules.rewards)),
    });
    if let Some(following) = following {
        begin(&mut board, following);
    }
    board
}

/// A season follows the one that ended.
fn begin(board: &mut Board, season: Season) {
    let last = std::mem::replace(&mut board.season, season);
    board.past = board.past.iter().cloned().chain([last]).collect();
}

/// Drops the oldest seasons that are more than are kept.
fn trim(board: &mut Board) {
    let Some(rules) = &board.rules.season else { return };
    let is_late = board.past.last().is_some_and(|last| last.state() == SeasonState::Grace);
    let kept = rules.archives.max(usize::from(is_late));
    if board.past.len() > kept {
        board.past = board.past[board.past.len() - kept..].into();
    }
}
