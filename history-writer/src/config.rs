use std::ops::RangeInclusive;
use std::path::PathBuf;

use model::Faults;
use serde::{Deserialize, Serialize};

use crate::core::limits::{CHUNK_AGE_MS_MAX, POINTS_OPEN_MAX_DEFAULT};
use crate::{ChunkingLimits, PeerAddress, embedded, streams};

/// What `log_bytes_max` may be: below, hardly a write would fit.
const LOG_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 50;
/// What `recent_bytes_max` may be.
const RECENT_BYTES: RangeInclusive<usize> = 1 << 20..=1 << 40;
/// What `chunk_age_ms` may be: a chunk is never longer than half an hour.
const CHUNK_AGE_MS: RangeInclusive<u64> = 1_000..=CHUNK_AGE_MS_MAX;
/// What `points_open_max` may be.
const POINTS_OPEN: RangeInclusive<usize> = 1_000..=1_000_000_000;
/// What `retention_days` may be: a hundred years, at most.
const RETENTION_DAYS: RangeInclusive<u32> = 0..=36_500;
/// The most files of `key_files`.
const KEY_FILES_MAX: usize = 16;
/// The least number of segments that a log may have, so that it frees room piece by piece.
const SEGMENTS_MIN: u64 = 8;

/// What can be set of movement history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether it is kept at all.
    pub enabled: bool,
    /// For how many days after they were received points are kept, 0 … 36,500; 0: for ever.
    pub retention_days: u32,
    /// The most bytes of the log on disk, 2²⁰ … 2⁵⁰. With as many, points are refused until others are stored.
    pub log_bytes_max: u64,
    /// The most bytes of memory for points that aren't stored yet, by user, 2²⁰ … 2⁴⁰. Tracks lack what doesn't fit, and say so.
    pub recent_bytes_max: usize,
    /// How long a chunk of a user's points stays open after the first came, milliseconds, 1,000 … 1,800,000.
    pub chunk_age_ms: u64,
    /// The most points in open chunks of all users, 10³ … 10⁹; some 160 bytes of memory each.
    pub points_open_max: usize,
    /// Files of 32 random bytes, at most 16: the key by which users' keys are wrapped, then earlier ones, which unwrap. None:
    /// one is made in the data folder.
    pub key_files: Vec<PathBuf>,
    /// Where the gateways that keep history together ask this one what waits in its log ([`PeerAddress`]); none: where it listens,
    /// unless that is on all addresses.
    pub advertise: Option<String>,
    /// The Redis servers whose streams are the log, where `backends.history_log` says so.
    pub streams: streams::Config,
}

impl Default for Config {
    fn default() -> Self {
        let log = embedded::Config::default();
        Self {
            enabled: true,
            retention_days: 0,
            log_bytes_max: log.bytes_max,
            recent_bytes_max: log.recent_bytes_max,
            chunk_age_ms: CHUNK_AGE_MS_MAX,
            points_open_max: POINTS_OPEN_MAX_DEFAULT,
            key_files: Vec::new(),
            advertise: None,
            streams: streams::Config::default(),
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless_in(&RETENTION_DAYS, "retention_days", self.retention_days);
        faults.unless_in(&LOG_BYTES, "log_bytes_max", self.log_bytes_max);
        faults.unless_in(&RECENT_BYTES, "recent_bytes_max", self.recent_bytes_max);
        faults.unless_in(&CHUNK_AGE_MS, "chunk_age_ms", self.chunk_age_ms);
        faults.unless_in(&POINTS_OPEN, "points_open_max", self.points_open_max);
        let few = self.key_files.len() <= KEY_FILES_MAX;
        faults.unless(few, format!("key_files must be at most {KEY_FILES_MAX}"));
        faults.check(self.advertised());
        faults.result()
    }

    /// Where others are to ask this process, if it is said.
    pub fn advertised(&self) -> Result<Option<PeerAddress>, String> {
        let parsed = self.advertise.as_deref().map(PeerAddress::parse).transpose();
        parsed.map_err(|rule| format!("advertise {rule}"))
    }

    /// What the log in files is opened with.
    pub fn log(&self) -> embedded::Config {
        let default = embedded::Config::default();
        embedded::Config {
            bytes_max: self.log_bytes_max,
            recent_bytes_max: self.recent_bytes_max,
            segment_bytes_max: default.segment_bytes_max.min(self.log_bytes_max / SEGMENTS_MIN),
            ..default
        }
    }

    /// When chunks are closed, of a log among so many.
    pub fn chunking(&self, logs: usize) -> ChunkingLimits {
        ChunkingLimits {
            points_open_max: (self.points_open_max / logs).max(1),
            age_ms_max: self.chunk_age_ms,
            ..ChunkingLimits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_can_not_work_is_named_with_those_that_do() {
        let refused = |config: Config| config.validate().expect_err("it can't work").to_string();
        let config = Config { log_bytes_max: 1, ..Config::default() };
        assert_eq!(refused(config), "log_bytes_max must be from 1048576 to 1125899906842624");
        let config = Config { chunk_age_ms: 1_800_001, ..Config::default() };
        assert_eq!(refused(config), "chunk_age_ms must be from 1000 to 1800000");
        let config = Config { key_files: vec![PathBuf::from("key"); 17], ..Config::default() };
        assert_eq!(refused(config), "key_files must be at most 16");
        let config = Config { advertise: Some("gateway-1".to_owned()), ..Config::default() };
        let rule = "advertise must be like 10.0.0.5:8080 or http://gateway-1.internal:8080";
        assert_eq!(refused(config), rule);
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn a_small_log_has_small_segments() {
        let small = Config { log_bytes_max: 8 << 20, ..Config::default() };
        assert_eq!(small.log().segment_bytes_max, 1 << 20);
        assert_eq!(Config::default().log(), embedded::Config::default());
        assert_eq!(Config::default().chunking(1), ChunkingLimits::default());
    }
}
