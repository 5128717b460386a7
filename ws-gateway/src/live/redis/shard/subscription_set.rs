use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::live::Channel;

/// Which channels of a shard this gateway wants to hear, and which of that the server doesn't know yet.
///
/// A state, not a queue: however often a channel is asked for and let go of while the server is away, it waits here once.
#[derive(Default)]
pub(super) struct SubscriptionSet {
    state: Mutex<State>,
    changed: Notify,
    /// The last call that the server has confirmed.
    confirmed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    wanted: HashSet<Channel>,
    /// What the server doesn't know yet: to hear the channel, or not.
    pending: HashMap<Channel, bool>,
    /// Counts calls.
    last: u64,
}

/// What the server should be told next.
pub(super) struct Batch {
    pub(super) subscribe: Vec<Channel>,
    pub(super) unsubscribe: Vec<Channel>,
    /// The last call in it.
    last: u64,
}

impl SubscriptionSet {
    /// Asks to hear channels; the future completes when the server has confirmed.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        channels: Vec<Channel>,
    ) -> impl Future<Output = ()> + use<> {
        let asked = self.want(channels, true);
        let mut confirmed = self.confirmed.subscribe();
        async move {
            // Errs only if the shard is gone, and with it whoever waits.
            let _ = confirmed.wait_for(|last| *last >= asked).await;
        }
    }

    /// Asks not to hear them any more.
    pub(super) fn unsubscribe(&self, channels: Vec<Channel>) {
        self.want(channels, false);
    }

    fn want(&self, channels: Vec<Channel>, wanted: bool) -> u64 {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        for channel in channels {
            if wanted {
                state.wanted.insert(channel.clone());
            } else {
                state.wanted.remove(&channel);
            }
            state.pending.insert(channel, wanted);
        }
        state.last += 1;
        let last = state.last;
        drop(guard);
        self.changed.notify_one();
        last
    }

    /// What has changed, once something has.
    pub(super) async fn next(&self) -> Batch {
        loop {
            let changed = self.changed.notified();
            if let Some(batch) = self.take() {
                return batch;
            }
            changed.await;
        }
    }

    fn take(&self) -> Option<Batch> {
        let mut state = self.state.lock();
        if state.pending.is_empty() {
            return None;
        }
        let (mut subscribe, mut unsubscribe) = (Vec::new(), Vec::new());
        for (channel, wanted) in std::mem::take(&mut state.pending) {
            if wanted { subscribe.push(channel) } else { unsubscribe.push(channel) }
        }
        Some(Batch { subscribe, unsubscribe, last: state.last })
    }

    /// Every channel that is wanted.
    pub(super) fn wanted(&self) -> Vec<Channel> {
        self.state.lock().wanted.iter().cloned().collect()
    }

    /// Everything that is wanted, for a connection that knows nothing yet.
    pub(super) fn all(&self) -> Batch {
        let mut state = self.state.lock();
        state.pending = HashMap::new();
        let subscribe = state.wanted.iter().cloned().collect();
        Batch { subscribe, unsubscribe: Vec::new(), last: state.last }
    }

    /// The server has taken the batch in.
    pub(super) fn confirm(&self, batch: &Batch) {
        self.confirmed.send_replace(batch.last);
    }

    /// How many channels are wanted.
    pub(super) fn len(&self) -> usize {
        self.state.lock().wanted.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use model::UserId;

    fn channel(user: &str) -> Channel {
        Channel::precise(UserId::parse(user).expect("id"))
    }

    #[test]
    fn only_the_last_word_on_a_channel_counts() {
        let subscriptions = Arc::new(SubscriptionSet::default());
        let first = subscriptions.subscribe(vec![channel("a"), channel("b")]);
        subscriptions.unsubscribe(vec![channel("a")]);
        let second = subscriptions.subscribe(vec![channel("a")]);
        subscriptions.unsubscribe(vec![channel("b")]);
        let batch = subscriptions.take().expect("there is something");
        assert_eq!(
            (&batch.subscribe[..], &batch.unsubscribe[..]),
            (&[channel("a")][..], &[channel("b")][..])
        );
        let mut both = Box::pin(futures_util::future::join(first, second));
        assert!((&mut both).now_or_never().is_none());
        subscriptions.confirm(&batch);
        assert!(both.now_or_never().is_some());
        assert!(subscriptions.take().is_none());
    }

    #[test]
    fn a_new_connection_is_told_all_that_is_wanted_and_nothing_twice() {
        let subscriptions = Arc::new(SubscriptionSet::default());
        drop(subscriptions.subscribe(vec![channel("a"), channel("b")]));
        subscriptions.confirm(&subscriptions.take().expect("there is something"));
        subscriptions.unsubscribe(vec![channel("b")]);
        assert_eq!(subscriptions.all().subscribe, [channel("a")]);
        assert!(subscriptions.take().is_none());
    }
}
