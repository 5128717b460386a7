use model::{FeedPosition, Timestamp};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::needs::{KeyOf, Remembered};

/// What a batch changed: to be stored in the transaction that it was loaded in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChangeSet {
    /// The feed's position with these changes; the one before them if there are none.
    pub(crate) head: FeedPosition,
    /// In the order of their positions in the feed, which have no gaps and end with `head`.
    pub(crate) businesses: Vec<BusinessChange>,
    /// What is to be remembered of the keys that were given.
    pub(crate) keys: Vec<(KeyOf, Remembered)>,
}

/// A business that is different after a batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BusinessChange {
    /// Its place in the feed.
    pub(crate) position: FeedPosition,
    /// As stored; `None` if it is new.
    pub(crate) before: Option<Business>,
    /// As it is to be stored; `None` if it is removed.
    pub(crate) after: Option<Business>,
    /// The version of the change: the last one's, and one more for a removal.
    pub(crate) version: u64,
    /// When it was changed last.
    pub(crate) at: Timestamp,
}

impl ChangeSet {
    /// Nothing to be stored.
    pub(crate) fn nothing(head: FeedPosition) -> Self {
        Self { head, businesses: Vec::new(), keys: Vec::new() }
    }

    /// Whether there is nothing to be stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.businesses.is_empty() && self.keys.is_empty()
    }
}

impl BusinessChange {
    /// Whether it is new, or somewhere else than before.
    pub(crate) fn is_placed(&self) -> bool {
        match (&self.before, &self.after) {
            (None, Some(_)) => true,
            (Some(before), Some(after)) => before.details.position != after.details.position,
            (_, None) => false,
        }
    }
}
