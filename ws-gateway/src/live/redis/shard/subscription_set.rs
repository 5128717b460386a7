use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, watch};

use crate::live::Channel;

/// Which channels of a shard this gateway wants to hear, and which of that the server doesn't know yet.
///
/// A state, not a queue: however often a channel is asked for and let go of while the server is away, it waits here once.
pub(super) struct Wishes {
    state: Mutex<State>,
    changed: Notify,
    /// The last wish that the server has confirmed.
    confirmed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    wanted: HashSet<Channel>,
    /// Wishes that the server doesn't know: to hear the channel, or not.
    pending: HashMap<Channel, bool>,
    /// Counts calls.
    last: u64,
}

/// What the server should be told next.
pub(super) struct Batch {
    pub(super) subscribe: Vec<Channel>,
    pub(super) unsubscribe: Vec<Channel>,
    /// The last wish in it.
    last: u64,
}

impl Wishes {
    pub(super) fn new() -> Self {
        let (confirmed, _) = watch::channel(0);
        Self { state: Mutex::default(), changed: Notify::new(), confirmed }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Wishes to hear channels; the future completes when the server has confirmed.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        channels: Vec<Channel>,
    ) -> impl Future<Output = ()> + use<> {
        let wish = self.wish(channels, true);
        let mut confirmed = self.confirmed.subscribe();
        async move {
            // Errs only if the shard is gone, and with it whoever waits.
            let _ = confirmed.wait_for(|last| *last >= wish).await;
        }
    }

    /// Wishes not to hear them any more.
    pub(super) fn unsubscribe(&self, channels: Vec<Channel>) {
        self.wish(channels, false);
    }

    fn wish(&self, channels: Vec<Channel>, wanted: bool) -> u64 {
        let mut guard = self.lock();
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
        let mut state = self.lock();
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
        self.lock().wanted.iter().cloned().collect()
    }

    /// Everything that is wanted, for a connection that knows nothing yet.
    pub(super) fn all(&self) -> Batch {
        let mut state = self.lock();
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
        self.lock().wanted.len()
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
    fn only_the_last_wish_for_a_channel_counts() {
        let wishes = Arc::new(Wishes::new());
        let first = wishes.subscribe(vec![channel("a"), channel("b")]);
        wishes.unsubscribe(vec![channel("a")]);
        let second = wishes.subscribe(vec![channel("a")]);
        wishes.unsubscribe(vec![channel("b")]);
        let batch = wishes.take().expect("there are wishes");
        assert_eq!(
            (&batch.subscribe[..], &batch.unsubscribe[..]),
            (&[channel("a")][..], &[channel("b")][..])
        );
        let mut both = Box::pin(futures_util::future::join(first, second));
        assert!((&mut both).now_or_never().is_none());
        wishes.confirm(&batch);
        assert!(both.now_or_never().is_some());
        assert!(wishes.take().is_none());
    }

    #[test]
    fn a_new_connection_is_told_all_that_is_wanted_and_nothing_twice() {
        let wishes = Arc::new(Wishes::new());
        drop(wishes.subscribe(vec![channel("a"), channel("b")]));
        wishes.confirm(&wishes.take().expect("there are wishes"));
        wishes.unsubscribe(vec![channel("b")]);
        assert_eq!(wishes.all().subscribe, [channel("a")]);
        assert!(wishes.take().is_none());
    }
}
