/// What can be set of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// About the most bytes on disk; with as many, points are refused until others are stored and forgotten.
    pub bytes_max: u64,
    /// The most bytes of memory for points that aren't stored yet, by user. Tracks lack what doesn't fit, and say so.
    pub recent_bytes_max: usize,
    /// A segment that has as many bytes is followed by another.
    pub segment_bytes_max: u64,
    /// A segment that is as old, milliseconds, is followed by another, so that what was erased or expired leaves the disk.
    pub segment_age_ms_max: u64,
    /// How long after points are stored they are kept, milliseconds: as long as the store may take to make durable what
    /// it acknowledges.
    pub forget_after_ms: u64,
    /// After a write that hardly any points had come together for, how long after its beginning the next begins, milliseconds; 0: at
    /// once. Each write costs a sync, and a turn of whoever reads the log.
    pub gather_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bytes_max: 10 << 30,
            recent_bytes_max: 128 << 20,
            segment_bytes_max: 64 << 20,
            segment_age_ms_max: 10 * 60 * 1_000,
            forget_after_ms: 60 * 1_000,
            gather_ms: 10,
        }
    }
}
