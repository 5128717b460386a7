use std::sync::Arc;

use model::{Gcra, Monotonic, RetryAfterMs};
use parking_lot::Mutex;

use crate::config::Config;

/// How many fixes a user has sent, over all of their connections to this gateway.
#[derive(Debug, Clone, Default)]
pub(crate) struct FixesUsed(Arc<Mutex<u64>>);

/// What a connection may still send, and its user.
pub(super) struct Budget {
    messages: Gcra,
    bytes: Gcra,
    fixes: Gcra,
    messages_used: u64,
    bytes_used: u64,
    fixes_used: FixesUsed,
}

impl Budget {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            messages: Gcra::new(config.messages_per_s, config.messages_burst),
            bytes: Gcra::new(config.bytes_per_s, config.bytes_burst),
            fixes: Gcra::new(config.fixes_per_s, config.fixes_burst),
            messages_used: 0,
            bytes_used: 0,
            fixes_used: FixesUsed::default(),
        }
    }

    /// Counts a message or control frame; `false` if it is one too many.
    pub(super) fn message(&mut self, now: Monotonic, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.messages.take(&mut self.messages_used, now, 1).is_ok()
            && self.bytes.take(&mut self.bytes_used, now, bytes).is_ok()
    }

    /// Counts fixes together with the user's other connections from now on.
    pub(super) fn share_fixes(&mut self, used: FixesUsed) {
        self.fixes_used = used;
    }

    /// Counts fixes, all or none.
    pub(super) fn fixes(&mut self, now: Monotonic, count: usize) -> Result<(), RetryAfterMs> {
        let mut used = self.fixes_used.0.lock();
        self.fixes.take(&mut used, now, u32::try_from(count).unwrap_or(u32::MAX))
    }
}
