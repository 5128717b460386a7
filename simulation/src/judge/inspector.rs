use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::Graph;
use crate::judge::checkpoint::Finding;
use crate::people::crowd::{Counts, Crowd};
use crate::world::friendships::Friendships;

/// How many may ask at the same moment before the next one waits.
pub(crate) const ASKS_MAX: usize = 4;

/// Somebody wants to know what a look finds.
pub(crate) type Ask = oneshot::Sender<Finding>;

/// Asks about a run while it goes on, as a test does that breaks something meanwhile. Cheap to clone.
#[derive(Clone)]
pub struct Inspector {
    crowd: Arc<Crowd>,
    asks: mpsc::Sender<Ask>,
}

/// How one person's client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Which of [`Plan::addresses`](crate::Plan::addresses) it has a session with, if it has one.
    pub address: Option<usize>,
    /// How many sessions it has had.
    pub sessions: u64,
    /// Whether it holds all of the snapshot that it was last promised.
    pub complete: bool,
    /// How often it was told that something may have been missed, over all sessions.
    pub gaps: u64,
    /// How many friends it holds.
    pub in_view: usize,
}

impl Inspector {
    pub(crate) fn new(crowd: Arc<Crowd>, asks: mpsc::Sender<Ask>) -> Self {
        Self { crowd, asks }
    }

    /// Who there is, and who was whose friend at first.
    pub fn graph(&self) -> &Graph {
        &self.crowd.graph
    }

    /// Who stood how to each other from then on, up to now.
    pub fn friendships(&self, since: Instant) -> Friendships {
        self.crowd.bonds.lock().since(since)
    }

    /// From now on answers to pings that are late, or never come, are excused where this says so, by number in the graph, and nowhere else. Those
    /// that are waited for where that changes are excused.
    pub fn forgive_pings(&self, forgiven: impl Fn(u32) -> bool) {
        for (number, person) in (0..).zip(&self.crowd.people) {
            person.state().pings.forgive(forgiven(number));
        }
    }

    /// Everybody, by number in the graph.
    pub fn situations(&self) -> Vec<Situation> {
        let situation = |person: &crate::people::person::Person| {
            let state = person.state();
            Situation {
                address: state.welcomed.map(|_| state.address),
                sessions: state.sessions,
                complete: state.view.complete,
                gaps: state.gaps,
                in_view: state.view.friends.len(),
            }
        };
        self.crowd.people.iter().map(situation).collect()
    }

    /// What has been counted so far.
    pub fn counts(&self) -> Counts {
        self.crowd.tally.read()
    }

    /// The first faults in words, without positions and tokens.
    pub fn faults(&self) -> Vec<String> {
        self.crowd.faults()
    }

    /// Stops the world and compares everybody's view with the truth; what is found also counts in the summary. None if
    /// the run is over.
    pub async fn look(&self) -> Option<Finding> {
        let (ask, finding) = oneshot::channel();
        self.asks.send(ask).await.ok()?;
        finding.await.ok()
    }
}

#[cfg(test)]
mod tests;
