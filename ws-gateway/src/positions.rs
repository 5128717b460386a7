use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Clock, Moment};

use crate::port::{Channel, Written};
use crate::record::{Merge, Sighting, merge};

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
    writes_until_sweep: usize,
}

impl Positions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self { stripes, hasher: RandomState::new(), clock }
    }

    fn stripe(&self, channel: &Channel) -> MutexGuard<'_, Stripe> {
        let index = self.hasher.hash_one(channel) as usize % STRIPES;
        self.stripes[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, channel: Channel, sighting: Sighting) -> Written {
        let now = self.clock.now();
        let mut stripe = self.stripe(&channel);
        stripe.sweep_at_times(now);
        match stripe.newest.entry(channel) {
            Entry::Vacant(entry) => {
                entry.insert(sighting);
            }
            Entry::Occupied(mut entry) => {
                let held = Some(entry.get()).filter(|held| held.holds(now.monotonic));
                if merge(held, &sighting, now.wall) != Merge::Keep {
                    entry.insert(sighting);
                } else if entry.get().record.version != sighting.record.version {
                    return Written::Older;
                }
            }
        }
        Written::Newest
    }

    /// Everything that still holds.
    pub(crate) fn all(&self) -> Vec<(Channel, Sighting)> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for stripe in &self.stripes {
            let stripe = stripe.lock().unwrap_or_else(PoisonError::into_inner);
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
        let len = self.newest.len();
        self.newest.shrink_to(2 * len);
        self.writes_until_sweep = len.max(SWEEP_WRITES_MIN);
    }
}
