use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use crate::marks::Marks;

/// Things a session must do, other than look at friends; raised from outside, seen at its next turn.
#[expect(clippy::struct_excessive_bools, reason = "independent bells, each rung by somebody else")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calls {
    /// Read the circle of friends again.
    pub(crate) circle: bool,
    /// Something may have been missed: tell the client and start over from the cache.
    pub(crate) gap: bool,
    /// The server is going away.
    pub(crate) drain: bool,
    /// A deadline of the session's own has come.
    pub(crate) timer: bool,
}

/// Where the rest of the gateway leaves word for one session.
///
/// Holds one bit per friend, however much happens: only *that* somebody moved, never where; the
/// session looks up the newest position when it is able to send it.
pub(crate) struct Mailbox {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct State {
    marked: Marks,
    calls: Calls,
    /// A push went out less than a tick ago: marks can wait for the tick's end.
    cooling: bool,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), waker: AtomicWaker::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The friend in this slot has news.
    pub(crate) fn mark(&self, slot: u32) {
        let mut state = self.lock();
        if !state.marked.insert(slot) {
            return;
        }
        let wake = !state.cooling;
        drop(state);
        if wake {
            self.waker.wake();
        }
    }

    pub(crate) fn raise(&self, set: impl FnOnce(&mut Calls)) {
        set(&mut self.lock().calls);
        self.waker.wake();
    }

    /// From now on marks don't wake the session, until [`Self::tick_over`]; `false` if that was so already. What is
    /// marked at this moment still gets its turn: then nothing cools.
    pub(crate) fn cool(&self) -> bool {
        let mut state = self.lock();
        if !state.marked.is_empty() {
            drop(state);
            self.waker.wake();
            return false;
        }
        !std::mem::replace(&mut state.cooling, true)
    }

    /// The tick has ended.
    pub(crate) fn tick_over(&self) {
        let mut state = self.lock();
        state.cooling = false;
        let wake = !state.marked.is_empty();
        drop(state);
        if wake {
            self.waker.wake();
        }
    }

    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Takes what was raised.
    pub(crate) fn take_calls(&self) -> Calls {
        std::mem::take(&mut self.lock().calls)
    }

    /// Exchanges the slots that were marked for an empty set.
    pub(crate) fn take_marked(&self, empty: &mut Marks) {
        std::mem::swap(&mut self.lock().marked, empty);
    }
}
