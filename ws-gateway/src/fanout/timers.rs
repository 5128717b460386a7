pub(crate) mod wheel;

use parking_lot::{Mutex, MutexGuard};

use model::Monotonic;

use wheel::{TimerKey, Wheel};

/// The one timer wheel of a gateway: no session, channel or position has a timer of its own.
pub(crate) struct Timers<Due> {
    wheel: Mutex<Wheel<Due>>,
}

impl<Due> Timers<Due> {
    /// `step_ms` is how finely deadlines are told apart; the same as how often the gateway turns.
    pub(crate) fn new(step_ms: u64) -> Self {
        Self { wheel: Mutex::new(Wheel::new(step_ms)) }
    }

    pub(crate) fn at(&self, deadline: Monotonic, what: Due) -> TimerKey {
        self.lock().insert(deadline, what)
    }

    /// Takes back what waits at a place, if it still does.
    pub(crate) fn cancel(&self, key: TimerKey, is_it: impl Fn(&Due) -> bool) {
        self.lock().cancel(key, is_it);
    }

    /// How many deadlines wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Wheel<Due>> {
        self.wheel.lock()
    }

    pub(crate) fn take_due(&self, now: Monotonic) -> Vec<Due> {
        let mut due = Vec::new();
        self.lock().advance(now, &mut due);
        due
    }
}
