use model::{Gcra, Monotonic, RetryAfterMs};

use crate::config::Config;

/// What a connection may still send, and its user.
pub(super) struct Budget {
    messages: Gcra,
    bytes: Gcra,
    fixes: Gcra,
    messages_used: u64,
    bytes_used: u64,
}

impl Budget {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            messages: Gcra::new(config.messages_per_s, config.messages_burst),
            bytes: Gcra::new(config.bytes_per_s, config.bytes_burst),
            fixes: Gcra::new(config.fixes_per_s, config.fixes_burst),
            messages_used: 0,
            bytes_used: 0,
        }
    }

    /// Counts a message or control frame; `false` if it is one too many.
    pub(super) fn message(&mut self, now: Monotonic, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.messages.take(&mut self.messages_used, now, 1).is_ok()
            && self.bytes.take(&mut self.bytes_used, now, bytes).is_ok()
    }

    /// Counts fixes to what the user has used up, all or none.
    pub(super) fn fixes(
        &self,
        now: Monotonic,
        count: usize,
        used: &mut u64,
    ) -> Result<(), RetryAfterMs> {
        self.fixes.take(used, now, u32::try_from(count).unwrap_or(u32::MAX))
    }
}
