use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use model::{Clock, Gcra, Moment, Version};
use parking_lot::{Mutex, MutexGuard};

use crate::live::{Channel, Written};
use crate::session::record::{Merge, Sighting, merge};

/// How many locks the map is spread over.
const STRIPES: usize = 64;

/// A stripe is swept of what has expired after as many writes as it has entries, but no fewer than this; so that a write
/// costs a constant on average and memory stays in proportion to the users who send.
const SWEEP_WRITES_MIN: usize = 64;

/// The cache of newest positions, in memory.
pub(crate) struct Positions {
    stripes: Box<[Mutex<Stripe>]>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Stripe {
    newest: HashMap<Channel, Sighting>,
    /// What has been used up of limits, as [`Gcra`] counts it.
    used: HashMap<Channel, u64>,
    writes_until_sweep: usize,
}

impl Positions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self { stripes, hasher: RandomState::new(), clock }
    }

    fn stripe(&self, channel: &Channel) -> MutexGuard<'_, Stripe> {
        let index = self.hasher.hash_one(channel) as usize % STRIPES;
        self.stripes[index].lock()
    }

    /// Writes what is newer, if the limit that is charged allows so many fixes; what isn't newer costs nothing.
    pub(crate) fn write(
        &self,
        channel: Channel,
        sighting: Sighting,
        charge: Option<(Gcra, u32)>,
    ) -> Written {
        let now = self.clock.now();
        let mut stripe = self.stripe(&channel);
        stripe.sweep_at_times(now);
        let held = stripe.newest.get(&channel).filter(|held| held.holds(now.monotonic));
        match (held, merge(held, &sighting, now.wall)) {
            (_, Merge::Replace) => {
                if let Some((limit, fixes)) = charge {
                    let used = stripe.used.entry(channel.clone()).or_default();
                    if let Err(retry) = limit.take(used, now.monotonic, fixes) {
                        return Written::Limited { retry_after_ms: retry.0 };
                    }
                }
                stripe.newest.insert(channel, sighting);
            }
            (_, Merge::Extend) => {
                stripe.newest.insert(channel, sighting);
            }
            (Some(held), Merge::Keep) if held.record.version != sighting.record.version => {
                return Written::Older;
            }
            (_, Merge::Keep) => {}
        }
        Written::Newest
    }

    /// Puts what is newer in the place of what is held, if anything is held of this channel.
    pub(crate) fn overtake(&self, channel: &Channel, sighting: &Sighting) {
        let now = self.clock.now();
        if let Some(held) = self.stripe(channel).newest.get_mut(channel)
            && merge(Some(held), sighting, now.wall) != Merge::Keep
        {
            *held = sighting.clone();
        }
    }

    /// Takes back what was written, unless something newer was since; `before` is what was held then.
    pub(crate) fn take_back(&self, channel: &Channel, written: &Version, before: Option<Sighting>) {
        let mut stripe = self.stripe(channel);
        if stripe.newest.get(channel).is_some_and(|held| held.record.version == *written) {
            match before {
                Some(before) => stripe.newest.insert(channel.clone(), before),
                None => stripe.newest.remove(channel),
            };
        }
    }

    /// Everything that still holds.
    pub(crate) fn all(&self) -> Vec<(Channel, Sighting)> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for stripe in &self.stripes {
            let stripe = stripe.lock();
            let held = stripe.newest.iter().filter(|(_, sighting)| sighting.holds(now.monotonic));
            all.extend(held.map(|(channel, sighting)| (channel.clone(), sighting.clone())));
        }
        all
    }

    pub(crate) fn read(&self, channel: &Channel) -> Option<Sighting> {
        let now = self.clock.now();
        self.stripe(channel).newest.get(channel).filter(|s| s.holds(now.monotonic)).cloned()
    }
}

impl Stripe {
    fn sweep_at_times(&mut self, now: Moment) {
        if self.writes_until_sweep > 0 {
            self.writes_until_sweep -= 1;
            return;
        }
        self.newest.retain(|_, sighting| sighting.holds(now.monotonic));
        self.used.retain(|_, used| !Gcra::is_idle(*used, now.monotonic));
        let debtors = self.used.len();
        self.used.shrink_to(2 * debtors);
        let len = self.newest.len();
        self.newest.shrink_to(2 * len);
        self.writes_until_sweep = len.max(SWEEP_WRITES_MIN);
    }
}
