use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use metrics::Counter;
use model::{Clock, Moment};

use crate::mailbox::Mailbox;
use crate::port::{Async, Bus, Channel, Error, Sink};
use crate::record::{Merge, Sighting, merge};
use crate::timers::Timers;
use crate::view::SELF_SLOT;

/// How many locks the map of channels is spread over.
const STRIPES: usize = 64;

/// How long a channel outlives its last watcher, so that a phone that reconnects finds it.
const IDLE_MS: u64 = 1_000;

/// Every channel that somebody on this gateway watches, its newest sighting, and who watches.
///
/// A delivery locks one channel, marks the mailboxes of its watchers and is done: who is near, and what they are sent, is
/// worked out by each watcher's session when it can send.
pub(crate) struct Hub {
    stripes: Box<[Mutex<Stripe>]>,
    hasher: RandomState,
    /// Held while channels are made or dropped, so that the bus hears of both in the same order.
    order: Mutex<()>,
    timers: Arc<Timers<Due>>,
    clock: Arc<dyn Clock>,
    deliveries: Counter,
}

type Stripe = HashMap<Channel, Arc<Cell>>;

/// One watched channel.
pub(crate) struct Cell {
    channel: Channel,
    /// Subscribed, and the cache has been read since.
    ready: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sighting: Option<Sighting>,
    expiry_armed: bool,
    watchers: Vec<Watcher>,
}

struct Watcher {
    mailbox: Arc<Mailbox>,
    slot: u32,
}

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

/// What a session gets for watching.
pub(crate) struct Watched {
    /// One a channel, in the order asked for.
    pub(crate) cells: Vec<Arc<Cell>>,
    /// Those whose cached position must be read once `subscribed` is done.
    pub(crate) unread: Vec<Channel>,
    /// Completes when the bus delivers for all of them.
    pub(crate) subscribed: Async<'static, Result<(), Error>>,
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The newest sighting that still holds.
    pub(crate) fn newest(&self, now: Moment) -> Option<Sighting> {
        self.lock().sighting.clone().filter(|s| s.holds(now.monotonic))
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Answers how many watchers were marked.
    fn put(self: &Arc<Self>, sighting: Sighting, now: Moment, timers: &Timers<Due>) -> usize {
        let mut state = self.lock();
        let outcome = merge(state.sighting.as_ref(), &sighting, now.wall);
        if outcome == Merge::Keep || !sighting.holds(now.monotonic) {
            return 0;
        }
        if !state.expiry_armed {
            state.expiry_armed = true;
            timers.at(sighting.expires, Due::Expire(Arc::downgrade(self)));
        }
        state.sighting = Some(sighting);
        if outcome != Merge::Replace {
            return 0;
        }
        state.mark_all();
        state.watchers.len()
    }

    /// Drops the sighting if its time is over; else comes back when it is.
    pub(crate) fn expire(self: &Arc<Self>, now: Moment, timers: &Timers<Due>) {
        let mut state = self.lock();
        match &state.sighting {
            Some(sighting) if sighting.holds(now.monotonic) => {
                timers.at(sighting.expires, Due::Expire(Arc::downgrade(self)));
            }
            _ => {
                state.expiry_armed = false;
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

impl Hub {
    pub(crate) fn new(
        timers: Arc<Timers<Due>>,
        clock: Arc<dyn Clock>,
        deliveries: Counter,
    ) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        let (hasher, order) = (RandomState::new(), Mutex::default());
        Self { stripes, hasher, order, timers, clock, deliveries }
    }

    fn stripe(&self, channel: &Channel) -> MutexGuard<'_, Stripe> {
        let index = self.hasher.hash_one(channel) as usize % STRIPES;
        self.stripes[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, channel: &Channel) -> Option<Arc<Cell>> {
        self.stripe(channel).get(channel).cloned()
    }

    /// Leaves word in `mailbox`, under the slot given with each channel, whenever there is news on it.
    pub(crate) fn watch(
        &self,
        bus: &dyn Bus,
        mailbox: &Arc<Mailbox>,
        channels: Vec<(Channel, u32)>,
    ) -> Watched {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cells = Vec::with_capacity(channels.len());
        let mut unread = Vec::new();
        for (channel, slot) in channels {
            let cell = self.cell(&channel);
            cell.lock().watchers.push(Watcher { mailbox: mailbox.clone(), slot });
            if !cell.ready.load(Ordering::Acquire) {
                unread.push(channel);
            }
            cells.push(cell);
        }
        let subscribed = if unread.is_empty() {
            Box::pin(std::future::ready(Ok(())))
        } else {
            bus.subscribe(unread.clone())
        };
        Watched { cells, unread, subscribed }
    }

    fn cell(&self, channel: &Channel) -> Arc<Cell> {
        let make = || Cell {
            channel: channel.clone(),
            ready: AtomicBool::new(false),
            state: Mutex::default(),
        };
        self.stripe(channel).entry(channel.clone()).or_insert_with(|| Arc::new(make())).clone()
    }

    /// Stops leaving word; the channel itself goes a little later if nobody else watches it.
    pub(crate) fn unwatch(&self, cell: &Arc<Cell>, mailbox: &Arc<Mailbox>) {
        let mut state = cell.lock();
        state.watchers.retain(|w| !Arc::ptr_eq(&w.mailbox, mailbox));
        if state.watchers.is_empty() {
            let later = self.clock.now().monotonic.plus_ms(IDLE_MS);
            self.timers.at(later, Due::Idle(Arc::downgrade(cell)));
        }
    }

    /// What is held of those of these channels that somebody watches as their own.
    pub(crate) fn own(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        let now = self.clock.now();
        let held = channels.iter().filter_map(|channel| {
            let cell = self.find(channel)?;
            let state = cell.lock();
            let is_own = state.watchers.iter().any(|watcher| watcher.slot == SELF_SLOT);
            let sighting = state.sighting.clone().filter(|s| is_own && s.holds(now.monotonic))?;
            Some((channel.clone(), sighting))
        });
        held.collect()
    }

    /// Tells everybody who watches these channels, other than as their own, that something may have been missed.
    pub(crate) fn gap(&self, channels: &[Channel]) {
        for cell in channels.iter().filter_map(|channel| self.find(channel)) {
            for watcher in cell.lock().watchers.iter().filter(|watcher| watcher.slot != SELF_SLOT) {
                watcher.mailbox.raise(|calls| calls.gap = true);
            }
        }
    }

    /// Takes in what is new about a channel that is watched here; everything else is dropped.
    pub(crate) fn take_in(&self, channel: &Channel, sighting: Sighting) {
        if let Some(cell) = self.find(channel) {
            let marked = cell.put(sighting, self.clock.now(), &self.timers);
            self.deliveries.increment(marked as u64);
        }
    }

    /// Lets go of channels that have had no watcher for a while.
    pub(crate) fn drop_idle(&self, bus: &dyn Bus, idle: &[Arc<Cell>]) {
        if idle.is_empty() {
            return;
        }
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dropped = Vec::new();
        for cell in idle {
            let mut stripe = self.stripe(&cell.channel);
            let same = stripe.get(&cell.channel).is_some_and(|held| Arc::ptr_eq(held, cell));
            if same && cell.lock().watchers.is_empty() {
                stripe.remove(&cell.channel);
                dropped.push(cell.channel.clone());
            }
        }
        if !dropped.is_empty() {
            bus.unsubscribe(dropped);
        }
    }

    /// How many channels are watched.
    pub(crate) fn channels(&self) -> usize {
        self.stripes.iter().map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// What the bus hands over goes the same way as what comes from a phone on this gateway.
pub(crate) struct HubSink(pub(crate) Arc<Hub>);

impl Sink for HubSink {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        self.0.take_in(channel, sighting);
    }

    fn own(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        self.0.own(channels)
    }

    fn gap(&self, channels: &[Channel]) {
        self.0.gap(channels);
    }
}
