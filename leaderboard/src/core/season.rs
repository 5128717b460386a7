//! Seasons: when they end, what is kept of them, and what those get who won.

mod calendar;
mod cron;
mod reward;

use std::sync::Arc;

use model::Timestamp;

pub use self::calendar::{Calendar, CalendarError};
pub use self::cron::CronError;
pub use self::reward::{Reward, RewardError, Rewarded};
use crate::core::standings::ranking::Ranking;

/// How a board is played in seasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonRules {
    /// When a season ends.
    pub schedule: Schedule,
    /// How long after its end a season takes events that happened before it, milliseconds, 0 to
    /// [`GRACE_MS_MAX`](crate::limits::GRACE_MS_MAX); until the next one ends at the latest.
    pub grace_ms: i64,
    /// How many seasons that ended are kept, 0 to [`ARCHIVES_MAX`](crate::limits::ARCHIVES_MAX). One that takes late events is
    /// kept anyway.
    pub archives: usize,
    /// What those get who won.
    pub rewards: Arc<[Reward]>,
}

/// When a season ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Once, and none follows.
    Ends(Timestamp),
    /// Again and again, and another follows at once.
    Repeats(Calendar),
}

impl Schedule {
    /// The first end after this moment.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Ends(at) => Some(*at).filter(|at| *at > after),
            Self::Repeats(calendar) => calendar.next_after(after),
        }
    }
}

/// A season of a board, whether or not anybody plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// How many seasons the board had before.
    pub number: u32,
    /// What happened at this moment or later is of this season; of the first one what happened before, too.
    pub starts: Timestamp,
    /// What happened at this moment or later isn't; `None` if it goes on for ever.
    pub ends: Option<Timestamp>,
    /// What was settled when it ended; `None` before.
    pub ended: Option<Ended>,
}

/// What holds of a season that ended, whatever becomes of the board's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Until when it takes events that happened before its end.
    pub closes: Timestamp,
    /// Whether that is over: nothing of it changes any more. The log says so, no clock.
    pub is_sealed: bool,
    /// How ranks are counted.
    pub ranking: Ranking,
    /// What those get who won.
    pub rewards: Arc<[Reward]>,
}

model::words! {
    /// What can still happen to a season.
    pub enum SeasonState {
        /// It takes events.
        Open = "open",
        /// It ended, and takes late events.
        Grace = "grace",
        /// Nothing: who stands where is final.
        Sealed = "sealed",
    }
}

impl Season {
    /// The first of a board that is made at this moment.
    pub(crate) fn first(created: Timestamp, ends: Option<Timestamp>) -> Self {
        Self { number: 0, starts: created, ends, ended: None }
    }

    /// What can still happen to it.
    pub fn state(&self) -> SeasonState {
        match &self.ended {
            None => SeasonState::Open,
            Some(ended) if ended.is_sealed => SeasonState::Sealed,
            Some(_) => SeasonState::Grace,
        }
    }

    /// When it no longer takes any event.
    pub fn closes(&self) -> Option<Timestamp> {
        self.ended.as_ref().map_or(self.ends, |ended| Some(ended.closes))
    }
}
