use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

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

    pub(super) fn subscribe(&self, subscriber: &Subscriber, channels: Vec<Channel>) {
        // Only gateways that share the process need the set; it is kept even for one, so that tests of one see faults.
        subscriber.channels.lock().unwrap_or_else(PoisonError::into_inner).extend(channels);
    }

    pub(super) fn unsubscribe(&self, subscriber: &Subscriber, channels: &[Channel]) {
        let mut wanted = subscriber.channels.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in channels {
            wanted.remove(channel);
        }
        if wanted.capacity() > 4 * wanted.len() + 64 {
            let len = wanted.len();
            wanted.shrink_to(2 * len);
        }
    }
}

impl Subscriber {
    fn wants(&self, channel: &Channel) -> bool {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).contains(channel)
    }
}
