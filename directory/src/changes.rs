use std::fmt;
use std::sync::{PoisonError, RwLock};

use model::UserId;

/// What a listener is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The circles of these users changed: read them again.
    Touched(Vec<UserId>),
    /// Something may have been missed: read every circle again.
    Lost,
}

/// Who is told of changes. Called in the middle of a commit's end, so it must not block, nor call the directory.
pub type Listener = Box<dyn Fn(&Change) + Send + Sync>;

/// Where a store announces changes.
///
/// A call, not a queue: when a command is answered, whoever listens in this process knows already. A queue would let an
/// answered block and the next position pass each other.
#[derive(Default)]
pub(crate) struct Feed {
    listeners: RwLock<Vec<Listener>>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feed")
    }
}

impl Feed {
    /// Tells all listeners.
    pub(crate) fn announce(&self, change: &Change) {
        for listener in &*self.listeners.read().unwrap_or_else(PoisonError::into_inner) {
            listener(change);
        }
    }

    /// One more listener, for as long as the feed lives.
    pub(crate) fn listen(&self, listener: Listener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }
}
