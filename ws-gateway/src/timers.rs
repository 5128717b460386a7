use std::sync::{Arc, Mutex, PoisonError, Weak};

use model::Monotonic;

use crate::hub::Cell;
use crate::mailbox::Mailbox;
use crate::wheel::Wheel;

/// What happens when its time has come.
pub(crate) enum Due {
    /// The tick of a session's last push is over.
    Tick(Arc<Mailbox>),
    /// A session has a deadline of its own: a ping, an expiry, a close.
    Wake(Arc<Mailbox>),
    /// A held sighting may have expired.
    Expire(Weak<Cell>),
    /// A channel has had no watcher for a while.
    Idle(Weak<Cell>),
}

/// The one timer wheel of a gateway: no session, channel or position has a timer of its own.
pub(crate) struct Timers {
    wheel: Mutex<Wheel<Due>>,
}

impl Timers {
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
