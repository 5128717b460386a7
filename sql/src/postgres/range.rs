use std::ops::RangeInclusive;

/// What numbers of connections of one process may be.
pub const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
/// What times to wait may be, milliseconds: whoever waits longer has been forgotten by whoever asked.
pub const TIMEOUT_MS: RangeInclusive<u64> = 100..=60_000;
