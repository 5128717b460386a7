use std::time::Duration;

use model::UserId;

use crate::people::crowd::{Coming, Comings, Counts, Crowd};
use crate::report::latency::Quantiles;
use crate::report::summary::Oracle;

/// How far the preparations or the run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Users are being made.
    Users {
        /// So many.
        done: usize,
        /// Of so many.
        of: usize,
    },
    /// Friendships are being made.
    Friendships {
        /// So many.
        done: usize,
        /// Of so many.
        of: usize,
    },
    /// People connect.
    Connecting {
        /// So many are connected.
        done: usize,
        /// Of so many.
        of: usize,
    },
    /// People move.
    Running {
        /// For how long, if that was said.
        duration: Option<Duration>,
    },
    /// Everybody says goodbye.
    Closing,
}

/// Who wants to follow a run. Called from its middle: answer quickly.
pub trait Observer: Send + Sync {
    /// The run entered a stage, or got on in it.
    fn stage(&self, _stage: Stage) {}

    /// How things stand, about once a second.
    fn tick(&self, _scene: &Scene<'_>) {}
}

/// Looks at nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}

/// A friend in somebody's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// Who.
    pub friend: UserId,
    /// How far, metres.
    pub distance_m: f64,
    /// How long ago they were there, milliseconds.
    pub age_ms: i64,
}

/// How things stand at one moment of a run.
pub struct Scene<'a> {
    /// Since the first position.
    pub elapsed: Duration,
    /// The trace's own time in seconds; none for walkers.
    pub trace_seconds: Option<f64>,
    /// People who are connected.
    pub connected: usize,
    /// Counts since the beginning.
    pub counts: Counts,
    /// Counts since the last look.
    pub lately: Counts,
    /// Over which time `lately` counts.
    pub lately_span: Duration,
    /// From a fix to a friend who sees it, since the beginning.
    pub latency: Quantiles,
    /// The oracle's verdict so far.
    pub oracle: &'a Oracle,
    pub(crate) comings: Comings,
    pub(crate) crowd: &'a Crowd,
}

impl Scene<'_> {
    /// Everybody, strangers too.
    pub fn people(&self) -> &[UserId] {
        self.crowd.graph.people()
    }

    /// Whom somebody sees, nearest first; empty for people who aren't simulated.
    pub fn sights(&self, user: &UserId) -> Vec<Sight> {
        let Some(number) = self.crowd.number(user.as_str()) else { return Vec::new() };
        let now_ms = self.crowd.now_ms();
        let state = self.crowd.person(number).state();
        let mut sights: Vec<_> = state
            .view
            .friends
            .iter()
            .map(|(friend, seen)| Sight {
                friend: self.crowd.id(*friend).clone(),
                distance_m: seen.distance_m,
                age_ms: now_ms - seen.time_ms,
            })
            .collect();
        sights.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m));
        sights
    }

    /// How many friends somebody has, near or not.
    pub fn friends(&self, user: &UserId) -> usize {
        let number = self.crowd.number(user.as_str());
        number.map_or(0, |number| self.crowd.graph.friends(number).len())
    }

    /// How many people see somebody.
    pub fn watchers(&self) -> usize {
        let sees = |it: &&crate::people::person::Person| !it.state().view.friends.is_empty();
        self.crowd.people.iter().filter(sees).count()
    }

    /// How many each of them sees, added up: two who see each other are two.
    pub fn pairs_in_view(&self) -> usize {
        self.crowd.people.iter().map(|person| person.state().view.friends.len()).sum()
    }

    /// The first arrivals and departures since the last look.
    pub fn comings(&self) -> &[Coming] {
        &self.comings.told
    }

    /// How many more there were.
    pub fn comings_left_out(&self) -> u64 {
        self.comings.left_out
    }
}
