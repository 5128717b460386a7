pub(super) mod budget;

/// What a session may and must do, as the configuration says; the fields are those of [`crate::Config`], but for one.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) ttl_ms: u64,
    pub(crate) tick_ms: u64,
    pub(crate) ping_interval_ms: u64,
    pub(crate) ping_grace_ms: u64,
    pub(crate) auth_timeout_ms: u64,
    pub(crate) message_bytes_max: usize,
    pub(crate) batch_fixes_max: usize,
    pub(crate) fixes_per_s: u32,
    pub(crate) fixes_burst: u32,
    pub(crate) messages_per_s: u32,
    pub(crate) messages_burst: u32,
    pub(crate) bytes_per_s: u32,
    pub(crate) bytes_burst: u32,
    pub(crate) boards_max: usize,
    pub(crate) errors_max: u32,
    pub(crate) changes_per_message_max: usize,
    pub(crate) stuck_degrade_ms: u64,
    pub(crate) degraded_interval_ms: u64,
    pub(crate) stuck_close_ms: u64,
    /// Fixes go to movement history too: there is one.
    pub(crate) keeps_history: bool,
}
