use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::port::{Channel, Sink};
use crate::record::Sighting;

/// The gateways of one process, each with the channels it wants to hear.
#[derive(Default)]
pub(super) struct Exchange {
    subscribers: RwLock<Vec<Arc<Subscriber>>>,
}

pub(super) struct Subscriber {
    sink: Arc<dyn Sink>,
    channels: Mutex<HashSet<Channel>>,
}

impl Exchange {
    pub(super) fn join(&self, sink: Arc<dyn Sink>) -> Arc<Subscriber> {
        let subscriber = Arc::new(Subscriber { sink, channels: Mutex::default() });
        let mut all = self.subscribers.write().unwrap_or_else(PoisonError::into_inner);
        all.push(subscriber.clone());
        subscriber
    }

    pub(super) fn leave(&self, subscriber: &Arc<Subscriber>) {
        let mut all = self.subscribers.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| !Arc::ptr_eq(other, subscriber));
    }

    pub(super) fn publish(&self, from: &Arc<Subscriber>, channel: &Channel, sighting: &Sighting) {
        // Delivered outside the lock: a sink may subscribe or leave.
        let listening: Vec<_> = {
            let all = self.subscribers.read().unwrap_or_else(PoisonError::into_inner);
            all.iter()
                .filter(|other| !Arc::ptr_eq(other, from) && other.wants(channel))
                .cloned()
                .collect()
        };
        for subscriber in listening {
            subscriber.sink.deliver(channel, sighting.clone());
        }
    }
}

impl Subscriber {
    pub(super) fn subscribe(&self, channels: Vec<Channel>) {
        self.lock().extend(channels);
    }

    pub(super) fn unsubscribe(&self, channels: &[Channel]) {
        let mut wanted = self.lock();
        for channel in channels {
            wanted.remove(channel);
        }
        if wanted.capacity() > 4 * wanted.len() + 64 {
            let len = wanted.len();
            wanted.shrink_to(2 * len);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants(&self, channel: &Channel) -> bool {
        self.lock().contains(channel)
    }
}
