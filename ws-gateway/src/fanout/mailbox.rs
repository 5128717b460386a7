use std::task::Waker;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::session::signals::Signals;
use crate::session::view::dirty_set::DirtySet;

/// Where the rest of the gateway leaves word for one session.
///
/// Holds one bit per friend, however much happens: only *that* somebody moved, never where; the
/// session looks up the newest position when it is able to send it.
#[derive(Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct State {
    marked: DirtySet,
    /// Apart, since there are seldom any, and marks are taken all the time.
    signals: Option<Box<Signals>>,
    /// A push went out less than a tick ago: marks can wait for the tick's end.
    cooling: bool,
}

impl Mailbox {
    /// The friend in this slot has news.
    pub(crate) fn mark(&self, slot: u32) {
        let mut state = self.state.lock();
        if !state.marked.insert(slot) {
            return;
        }
        let wake = !state.cooling;
        drop(state);
        if wake {
            self.waker.wake();
        }
    }

    /// Leaves a signal, which ends the session's wait at once.
    pub(crate) fn signal(&self, set: impl FnOnce(&mut Signals)) {
        set(self.state.lock().signals.get_or_insert_default());
        self.waker.wake();
    }

    /// Gives the session another turn.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// From now on marks don't wake the session, until [`Self::tick_over`]; `false` if that was so already. What is
    /// marked at this moment still gets its turn: then nothing cools.
    pub(crate) fn cool(&self) -> bool {
        let mut state = self.state.lock();
        if !state.marked.is_empty() {
            drop(state);
            self.waker.wake();
            return false;
        }
        !std::mem::replace(&mut state.cooling, true)
    }

    /// The tick has ended.
    pub(crate) fn tick_over(&self) {
        let mut state = self.state.lock();
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

    /// Takes all that was left, at one moment: whoever sees a mark has seen every signal that came before it. The slots
    /// that were marked are exchanged for an empty set.
    pub(crate) fn take(&self, empty: &mut DirtySet) -> Option<Box<Signals>> {
        let mut state = self.state.lock();
        std::mem::swap(&mut state.marked, empty);
        state.signals.take()
    }

    /// Takes the signals alone, if there are any.
    pub(crate) fn take_signals(&self) -> Option<Box<Signals>> {
        self.state.lock().signals.take()
    }

    /// Its session has ended: what a timer may still hold of it is small.
    pub(crate) fn close(&self) {
        *self.state.lock() = State::default();
    }
}
