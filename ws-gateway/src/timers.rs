use std::sync::{Mutex, PoisonError};

use model::Monotonic;

use crate::wheel::Wheel;

/// The one timer wheel of a gateway: no session, channel or position has a timer of its own.
pub(crate) struct Timers<Due> {
    wheel: Mutex<Wheel<Due>>,
}

impl<Due> Timers<Due> {
    /// `step_ms` is how finely deadlines are told apart; the same as how often the gateway turns.
    pub(crate) fn new(step_ms: u64) -> Self {
        Self { wheel: Mutex::new(Wheel::new(step_ms)) }
    }

    pub(crate) fn at(&self, deadline: Monotonic, what: Due) {
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner).insert(deadline, what);
    }

    pub(crate) fn take_due(&self, now: Monotonic) -> Vec<Due> {
        let mut due = Vec::new();
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner).advance(now, &mut due);
        due
    }
}
