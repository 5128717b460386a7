use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Payer, STREAMS_PER_CALLER_MAX};

/// Who may go on with a heavy request: one of each caller, and all callers in turns.
///
/// Each caller has a line of requests of their own. The first of each line takes part in the turns, which are granted in
/// the order in which they were asked for: so a caller with a hundred requests gets as many turns as one with one.
#[derive(Debug)]
pub(crate) struct Gate {
    turns: Arc<Semaphore>,
    waiting_max: usize,
    /// Of callers with requests under way only. Held for one look-up.
    lines: Mutex<HashMap<Payer, Line>>,
}

#[derive(Debug)]
struct Line {
    first: Arc<Semaphore>,
    under_way: UnderWay,
}

/// Requests of a caller that are under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct UnderWay {
    /// All of them.
    pub(super) all: usize,
    /// Those with a place in the line.
    pub(super) heavy: usize,
    /// Those whose answers are made while they are sent.
    pub(super) streams: usize,
}

/// That a request is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Presence {
    gate: Arc<Gate>,
    payer: Payer,
}

/// A place in the line of a caller, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    gate: Arc<Gate>,
    payer: Payer,
    first: Arc<Semaphore>,
}

/// That an answer of a caller is made while it is sent, until it is dropped.
#[derive(Debug)]
pub(super) struct Streaming {
    gate: Arc<Gate>,
    payer: Payer,
}

/// The first place in the line of a caller.
#[derive(Debug)]
pub(super) struct First {
    // Before the place, so that the next in line has it before the line may go.
    _first: OwnedSemaphorePermit,
    place: Place,
}

/// The right to go on with a heavy request for a while.
#[derive(Debug)]
pub(super) struct Turn {
    /// None while others have theirs.
    turn: Option<OwnedSemaphorePermit>,
    first: First,
}

impl Gate {
    /// Grants `turns` turns at a time, at least 1; in each line `waiting_max` may wait behind the first.
    pub(crate) fn new(turns: usize, waiting_max: usize) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(turns.max(1)));
        Arc::new(Self { turns, waiting_max, lines: Mutex::default() })
    }

    /// Counts a request of the caller.
    pub(super) fn enter(self: &Arc<Self>, payer: &Payer) -> Presence {
        let new = || Line { first: Arc::new(Semaphore::new(1)), under_way: UnderWay::default() };
        self.lines.lock().entry(payer.clone()).or_insert_with(new).under_way.all += 1;
        Presence { gate: Arc::clone(self), payer: payer.clone() }
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lines.lock().is_empty()
    }
}

impl Presence {
    /// What the caller has under way, this request too.
    pub(super) fn under_way(&self) -> UnderWay {
        self.gate
            .lines
            .lock()
            .get(&self.payer)
            .map_or_else(UnderWay::default, |line| line.under_way)
    }

    /// A place in the caller's line; none if that is full.
    pub(super) fn join(&self) -> Option<Place> {
        let mut lines = self.gate.lines.lock();
        let line = lines.get_mut(&self.payer)?;
        if line.under_way.heavy > self.gate.waiting_max {
            return None;
        }
        line.under_way.heavy += 1;
        let (gate, payer) = (Arc::clone(&self.gate), self.payer.clone());
        Some(Place { gate, payer, first: Arc::clone(&line.first) })
    }

    /// Counts an answer that is made while it is sent; none if the caller has as many as may be.
    pub(super) fn stream(&self) -> Option<Streaming> {
        let mut lines = self.gate.lines.lock();
        let line = lines.get_mut(&self.payer)?;
        if line.under_way.streams >= STREAMS_PER_CALLER_MAX {
            return None;
        }
        line.under_way.streams += 1;
        Some(Streaming { gate: Arc::clone(&self.gate), payer: self.payer.clone() })
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if let Some(line) = self.gate.lines.lock().get_mut(&self.payer) {
            line.under_way.streams -= 1;
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut lines = self.gate.lines.lock();
        if let Some(line) = lines.get_mut(&self.payer) {
            line.under_way.all -= 1;
            if line.under_way.all == 0 {
                lines.remove(&self.payer);
            }
        }
    }
}

impl Place {
    /// Waits for those before it in the line.
    pub(super) async fn first(self) -> First {
        First { _first: acquire(&self.first).await, place: self }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(line) = self.gate.lines.lock().get_mut(&self.payer) {
            line.under_way.heavy -= 1;
        }
    }
}

impl First {
    /// Waits for a turn.
    pub(super) async fn turn(self) -> Turn {
        Turn { turn: Some(acquire(&self.place.gate.turns).await), first: self }
    }
}

impl Turn {
    /// Lets everybody who waits have a turn before the next one of this request.
    pub(super) async fn pass_on(&mut self) {
        self.turn = None;
        self.turn = Some(acquire(&self.first.place.gate.turns).await);
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let acquired = Arc::clone(semaphore).acquire_owned().await;
    acquired.expect("the semaphores of a gate are never closed")
}
