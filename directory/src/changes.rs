use model::UserId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::metrics::CHANGES_LOST;

/// Changes that wait for one subscriber; beyond that it hears [`Change::Lost`].
pub const CHANGES_WAITING_MAX: usize = 1_024;

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The circles of these users changed: read them again.
    Touched(Vec<UserId>),
    /// Something may have been missed: read every circle again.
    Lost,
}

/// The changes from the moment of subscribing on, whichever process made them.
#[derive(Debug)]
pub struct Changes {
    receiver: broadcast::Receiver<Change>,
}

impl Changes {
    /// The next change; `None` when the store is gone. May be cancelled without losing any.
    pub async fn next(&mut self) -> Option<Change> {
        match self.receiver.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!(CHANGES_LOST).increment(missed);
                Some(Change::Lost)
            }
        }
    }
}

/// Where a store announces changes; never blocks.
#[derive(Debug)]
pub(crate) struct Feed {
    sender: broadcast::Sender<Change>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(CHANGES_WAITING_MAX) }
    }
}

impl Feed {
    /// Tells all subscribers.
    pub(crate) fn announce(&self, change: Change) {
        // An error means that nobody listens.
        let _ = self.sender.send(change);
    }

    /// A new subscriber.
    pub(crate) fn subscribe(&self) -> Changes {
        Changes { receiver: self.sender.subscribe() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_falls_behind_hears_that_something_was_lost() {
        let feed = Feed::default();
        let mut changes = feed.subscribe();
        let touched =
            |n: usize| Change::Touched(vec![UserId::parse(&format!("u{n}")).expect("id")]);
        for n in 0..=CHANGES_WAITING_MAX {
            feed.announce(touched(n));
        }
        assert_eq!(changes.next().await, Some(Change::Lost));
        assert_eq!(changes.next().await, Some(touched(1)));
        drop(feed);
        for _ in 2..=CHANGES_WAITING_MAX {
            assert!(matches!(changes.next().await, Some(Change::Touched(_))));
        }
        assert_eq!(changes.next().await, None);
    }
}
