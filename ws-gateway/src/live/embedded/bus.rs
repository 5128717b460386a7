use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::live::{Channel, Sink};
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;

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
        let mut all = self.subscribers.write();
        all.push(subscriber.clone());
        subscriber
    }

    pub(super) fn leave(&self, subscriber: &Arc<Subscriber>) {
        let mut all = self.subscribers.write();
        all.retain(|other| !Arc::ptr_eq(other, subscriber));
    }

    pub(super) fn publish(&self, from: &Arc<Subscriber>, channel: &Channel, sighting: &Sighting) {
        for subscriber in self.listening(from, |other| other.wants(channel)) {
            subscriber.sink.deliver(channel, sighting.clone());
        }
    }

    pub(super) fn tell(&self, from: &Arc<Subscriber>, changes: &[CircleChange]) {
        for change in changes {
            let concerns = |other: &Subscriber| {
                change.users().any(|user| other.wants(&Channel::precise(user.clone())))
            };
            for subscriber in self.listening(from, concerns) {
                subscriber.sink.changed(std::slice::from_ref(change));
            }
        }
    }

    /// All others that want it; called outside the lock, since a sink may subscribe or leave.
    fn listening(
        &self,
        from: &Arc<Subscriber>,
        wants: impl Fn(&Subscriber) -> bool,
    ) -> Vec<Arc<Subscriber>> {
        let all = self.subscribers.read();
        all.iter().filter(|other| !Arc::ptr_eq(other, from) && wants(other)).cloned().collect()
    }
}

impl Subscriber {
    pub(super) fn subscribe(&self, channels: Vec<Channel>) {
        self.channels.lock().extend(channels);
    }

    pub(super) fn unsubscribe(&self, channels: &[Channel]) {
        let mut wanted = self.channels.lock();
        for channel in channels {
            wanted.remove(channel);
        }
        if wanted.capacity() > 4 * wanted.len() + 64 {
            let len = wanted.len();
            wanted.shrink_to(2 * len);
        }
    }

    fn wants(&self, channel: &Channel) -> bool {
        self.channels.lock().contains(channel)
    }
}
