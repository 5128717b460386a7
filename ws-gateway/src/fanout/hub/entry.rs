use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Moment, Monotonic};
use parking_lot::Mutex;

use super::{Due, Timers};
use crate::fanout::mailbox::Mailbox;
use crate::fanout::wheel::TimerKey;
use crate::live::Channel;
use crate::session::record::{Merge, Sighting, merge};
use crate::session::seam::{Planted, planted};

/// One watched channel.
pub(crate) struct ChannelEntry {
    pub(super) channel: Channel,
    /// Subscribed, and the cache has been read since.
    pub(super) ready: AtomicBool,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) sighting: Option<Sighting>,
    /// Where the timer waits that looks after the sighting's end.
    armed: Option<TimerKey>,
    pub(super) watchers: Vec<Watcher>,
    /// How long the channel is kept for whoever comes again, once the last watcher has gone. While this is set a timer
    /// waits that looks after it; never a second one, however often somebody comes and goes.
    pub(super) kept_until: Option<Monotonic>,
    /// Out of the map: whoever found it there before changes nothing any more.
    pub(super) dropped: bool,
}

pub(super) struct Watcher {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) slot: u32,
}

impl ChannelEntry {
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The newest sighting that still holds.
    pub(crate) fn newest(&self, now: Moment) -> Option<Sighting> {
        self.state.lock().sighting.clone().filter(|s| s.holds(now.monotonic))
    }

    /// Whether it is subscribed, and the cache has been read since.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Answers how many watchers were marked.
    pub(super) fn put(self: &Arc<Self>, sighting: Sighting, now: Moment, timers: &Timers) -> usize {
        let mut state = self.state.lock();
        let outcome = merge(state.sighting.as_ref(), &sighting, now.wall);
        // One that is over when it arrives still ends what is older, though a `keep` made that hold longer: so it does
        // in the cache, and at other gateways, which may have got it in time.
        let ends_nothing = state.sighting.is_none() && !sighting.holds(now.monotonic);
        if outcome == Merge::Keep || ends_nothing || state.dropped {
            return 0;
        }
        self.arm(&mut state, sighting.expires, timers);
        state.sighting = Some(sighting);
        if outcome != Merge::Replace {
            return 0;
        }
        state.mark_all();
        state.watchers.len()
    }

    /// Sees to it that somebody looks at that moment, or before. What comes later may expire sooner: a fix out of a
    /// phone's backlog after a `keep`.
    fn arm(self: &Arc<Self>, state: &mut State, at: Monotonic, timers: &Timers) {
        match state.armed {
            Some(armed) if armed.deadline <= at || planted(Planted::TimerKept) => return,
            Some(_) => self.disarm(state, timers),
            None => {}
        }
        state.armed = Some(timers.lock().insert(at, Due::Expire(Arc::downgrade(self))));
    }

    pub(super) fn disarm(self: &Arc<Self>, state: &mut State, timers: &Timers) {
        let Some(key) = state.armed.take() else { return };
        let is_ours =
            |due: &Due| matches!(due, Due::Expire(entry) if entry.as_ptr() == Arc::as_ptr(self));
        timers.lock().cancel(key, is_ours);
    }

    /// Drops the sighting if its time is over; else comes back when it is.
    pub(crate) fn expire(self: &Arc<Self>, now: Moment, timers: &Timers) {
        let mut state = self.state.lock();
        if state.armed.is_some_and(|armed| armed.deadline > now.monotonic) {
            // Taken out of the wheel in the moment in which another took its place.
            return;
        }
        state.armed = None;
        match &state.sighting {
            Some(sighting) if sighting.holds(now.monotonic) => {
                let expires = sighting.expires;
                self.arm(&mut state, expires, timers);
            }
            _ => {
                if state.sighting.take().is_some() {
                    state.mark_all();
                }
            }
        }
    }
}

impl State {
    fn mark_all(&self) {
        for watcher in &self.watchers {
            watcher.mailbox.mark(watcher.slot);
        }
    }
}
