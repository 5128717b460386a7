//! Ours, since a channel that broadcasts keeps every message for every receiver: here one bit a friend waits for a watcher.

mod entry;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use metrics::Counter;
use model::{Clock, Monotonic, UserId};
use parking_lot::{Mutex, MutexGuard};

use crate::fanout::mailbox::Mailbox;
use crate::fanout::wheel::Wheel;
use crate::live::{Asked, Channel, Live};
use crate::session::record::Sighting;
use crate::session::view::SELF_SLOT;
pub(crate) use entry::ChannelEntry;
use entry::{State, Watcher};

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
    timers: Arc<Timers>,
    clock: Arc<dyn Clock>,
    deliveries: Counter,
}

/// The one timer wheel of a gateway: no session, channel or position has a timer of its own.
pub(crate) type Timers = Mutex<Wheel<Due>>;

type Stripe = HashMap<Channel, Arc<ChannelEntry>>;

/// What happens when its time has come.
pub(crate) enum Due {
    /// The tick of a session's last push is over.
    Tick(Arc<Mailbox>),
    /// A session has a deadline of its own: a ping, an expiry, a close.
    Wake(Arc<Mailbox>),
    /// A held sighting may have expired.
    Expire(Weak<ChannelEntry>),
    /// A channel has had no watcher for a while.
    Idle(Weak<ChannelEntry>),
}

impl Hub {
    pub(crate) fn new(timers: Arc<Timers>, clock: Arc<dyn Clock>, deliveries: Counter) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        let (hasher, order) = (RandomState::new(), Mutex::default());
        Self { stripes, hasher, order, timers, clock, deliveries }
    }

    fn stripe(&self, channel: &Channel) -> MutexGuard<'_, Stripe> {
        let index = self.hasher.hash_one(channel) as usize % STRIPES;
        self.stripes[index].lock()
    }

    fn find(&self, channel: &Channel) -> Option<Arc<ChannelEntry>> {
        self.stripe(channel).get(channel).cloned()
    }

    /// Marks a slot in `mailbox` whenever there is news on its channel. What was known before is for
    /// [`Self::make_sure`] to bring.
    pub(crate) fn watch(
        &self,
        mailbox: &Arc<Mailbox>,
        channels: impl IntoIterator<Item = (Channel, u32)>,
    ) -> Vec<Arc<ChannelEntry>> {
        let _order = self.order.lock();
        let watch = |(channel, slot)| {
            let entry = self.entry(&channel);
            entry.state.lock().watchers.push(Watcher { mailbox: mailbox.clone(), slot });
            entry
        };
        channels.into_iter().map(watch).collect()
    }

    /// Asks the bus for channels that somebody watches; completes when it delivers for all of them.
    pub(crate) fn subscribe(&self, bus: &dyn Live, channels: Vec<Channel>) -> Asked<'static, ()> {
        let _order = self.order.lock();
        bus.subscribe(channels)
    }

    fn entry(&self, channel: &Channel) -> Arc<ChannelEntry> {
        let make = || ChannelEntry {
            channel: channel.clone(),
            ready: AtomicBool::new(false),
            state: Mutex::default(),
        };
        self.stripe(channel).entry(channel.clone()).or_insert_with(|| Arc::new(make())).clone()
    }

    /// Stops marking; the channel itself goes a little later if nobody else watches it.
    pub(crate) fn unwatch(&self, entry: &Arc<ChannelEntry>, mailbox: &Arc<Mailbox>) {
        let mut state = entry.state.lock();
        state.watchers.retain(|w| !Arc::ptr_eq(&w.mailbox, mailbox));
        if state.watchers.is_empty() {
            let later = self.clock.now().monotonic.plus_ms(IDLE_MS);
            self.keep(entry, &mut state, later);
        }
    }

    fn keep(&self, entry: &Arc<ChannelEntry>, state: &mut State, until: Monotonic) {
        if state.kept_until.replace(until).is_none() {
            self.timers.lock().insert(until, Due::Idle(Arc::downgrade(entry)));
        }
    }

    /// What is held of those of these channels that somebody watches as their own.
    pub(crate) fn local_positions(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)> {
        let now = self.clock.now();
        let held = channels.iter().filter_map(|channel| {
            let entry = self.find(channel)?;
            let state = entry.state.lock();
            let is_own = state.watchers.iter().any(|watcher| watcher.slot == SELF_SLOT);
            let sighting = state.sighting.clone().filter(|s| is_own && s.holds(now.monotonic))?;
            Some((channel.clone(), sighting))
        });
        held.collect()
    }

    /// Tells everybody who watches these channels, other than as their own, that something may have been missed.
    pub(crate) fn gap(&self, channels: &[Channel]) {
        for entry in channels.iter().filter_map(|channel| self.find(channel)) {
            for watcher in
                entry.state.lock().watchers.iter().filter(|watcher| watcher.slot != SELF_SLOT)
            {
                watcher.mailbox.signal(|signals| signals.gap = true);
            }
        }
    }

    /// Tells everybody who watches this user, other than as their own, that they have another name now.
    pub(crate) fn renamed(&self, user: &UserId) {
        let Some(entry) = self.find(&Channel::precise(user.clone())) else { return };
        let state = entry.state.lock();
        for Watcher { mailbox, slot } in &state.watchers {
            if *slot != SELF_SLOT {
                mailbox.signal(|signals| signals.rename(*slot));
            }
        }
    }

    /// Takes in what is new about a channel that is watched here; everything else is dropped.
    pub(crate) fn take_in(&self, channel: &Channel, sighting: Sighting) {
        if let Some(entry) = self.find(channel) {
            let marked = entry.put(sighting, self.clock.now(), &self.timers);
            self.deliveries.increment(marked as u64);
        }
    }

    /// Lets go of channels that have had no watcher for a while.
    pub(crate) fn drop_idle(&self, bus: &dyn Live, idle: &[Arc<ChannelEntry>]) {
        if idle.is_empty() {
            return;
        }
        let _order = self.order.lock();
        let now = self.clock.now().monotonic;
        let mut dropped = Vec::new();
        for entry in idle {
            let mut stripe = self.stripe(&entry.channel);
            let same = stripe.get(&entry.channel).is_some_and(|held| Arc::ptr_eq(held, entry));
            let mut state = entry.state.lock();
            let kept_until = state.kept_until.take().filter(|until| *until > now);
            if !state.watchers.is_empty() {
                continue;
            }
            if let Some(until) = kept_until {
                self.keep(entry, &mut state, until);
            } else if same {
                // Else the timer would keep what is left of the channel until its position had expired.
                entry.disarm(&mut state, &self.timers);
                state.dropped = true;
                stripe.remove(&entry.channel);
                dropped.push(entry.channel.clone());
            }
        }
        if !dropped.is_empty() {
            bus.unsubscribe(dropped);
        }
    }

    /// How many channels are watched.
    pub(crate) fn channels(&self) -> usize {
        self.stripes.iter().map(|s| s.lock().len()).sum()
    }
}
