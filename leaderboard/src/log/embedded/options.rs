use std::time::Duration;

use crate::core::limits::{
    ERASING_WAIT_MS, KEYS_MAX_DEFAULT, SEGMENT_BYTES_MAX, SNAPSHOT_BYTES, SNAPSHOT_RECORDS,
};

/// What tests set otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// A segment that has as many bytes is followed by another.
    pub segment_bytes_max: u64,
    /// How many events are remembered by their keys.
    pub events_remembered_max: usize,
    /// How much is appended before a snapshot is taken: one of these.
    pub snapshot_after: Appended,
    /// How long after an erasing others are waited for, before a snapshot is taken for all of them.
    pub erasing_wait: Duration,
    /// Users of a chunk of a snapshot. While one is read nothing is written.
    pub snapshot_users: usize,
}

/// How much was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Appended {
    /// The bytes of frames.
    pub bytes: u64,
    /// The records in them.
    pub records: u64,
}

impl Appended {
    /// With so much more.
    pub(super) fn add(&mut self, bytes: u64, records: u64) {
        self.bytes += bytes;
        self.records += records;
    }

    /// Whether it is as much as one of these.
    pub(super) fn reaches(self, limit: Self) -> bool {
        self.bytes >= limit.bytes || self.records >= limit.records
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            events_remembered_max: KEYS_MAX_DEFAULT,
            snapshot_after: Appended { bytes: SNAPSHOT_BYTES, records: SNAPSHOT_RECORDS },
            erasing_wait: Duration::from_millis(ERASING_WAIT_MS),
            snapshot_users: 4_096,
        }
    }
}
