use model::{Gcra, Monotonic, RetryAfterMs};

use super::Limits;

/// What a connection may still send, and its user.
pub(in super::super) struct Budget {
    messages: Gcra,
    bytes: Gcra,
    fixes: Gcra,
    messages_used: u64,
    bytes_used: u64,
}

impl Budget {
    pub(in super::super) fn new(limits: &Limits) -> Self {
        Self {
            messages: Gcra::new(limits.messages_per_s, limits.messages_burst),
            bytes: Gcra::new(limits.bytes_per_s, limits.bytes_burst),
            fixes: Gcra::new(limits.fixes_per_s, limits.fixes_burst),
            messages_used: 0,
            bytes_used: 0,
        }
    }

    /// Counts a message or control frame; `false` if it is one too many.
    pub(in super::super) fn message(&mut self, now: Monotonic, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.messages.take(&mut self.messages_used, now, 1).is_ok()
            && self.bytes.take(&mut self.bytes_used, now, bytes).is_ok()
    }

    /// Counts fixes to what the user has used up, all or none.
    pub(in super::super) fn fixes(
        &self,
        now: Monotonic,
        count: usize,
        used: &mut u64,
    ) -> Result<(), RetryAfterMs> {
        self.fixes.take(used, now, u32::try_from(count).unwrap_or(u32::MAX))
    }
}
