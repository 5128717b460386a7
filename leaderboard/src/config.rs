use std::ops::RangeInclusive;

use model::Faults;
use serde::{Deserialize, Serialize};

use crate::core::limits::{CHANGE_AGE_MS_DEFAULT, KEY_AGE_MS_DEFAULT, KEYS_MAX_DEFAULT};

/// How long keys may be remembered, milliseconds: a minute to seven days.
const KEY_AGE_MS: RangeInclusive<i64> = 60_000..=7 * 24 * 60 * 60 * 1_000;
/// How long changes may be kept if they are removed at all, milliseconds: an hour to ten years.
const CHANGE_AGE_MS: RangeInclusive<i64> = 3_600_000..=10 * 365 * 24 * 60 * 60 * 1_000;
/// How many keys memory may remember.
const KEYS: RangeInclusive<usize> = 1_000..=500_000_000;

/// What a deployment sets about leaderboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long the key of an event is remembered after it came, milliseconds, 60,000 to 604,800,000: one that comes again
    /// counts once. Events that say they happened earlier are refused.
    pub key_age_ms: i64,
    /// The most keys that an embedded log remembers, 1,000 to 500,000,000; each takes about 120 bytes of memory. With as many
    /// new events are refused until old ones are forgotten.
    pub keys_max: usize,
    /// How long `PostgreSQL` keeps the log's rows after they were written, milliseconds, 3,600,000 to 315,360,000,000, or 0: for
    /// ever. What everybody has is kept whatever this says.
    pub change_age_ms: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            key_age_ms: KEY_AGE_MS_DEFAULT,
            keys_max: KEYS_MAX_DEFAULT,
            change_age_ms: CHANGE_AGE_MS_DEFAULT,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless_in(&KEY_AGE_MS, "key_age_ms", self.key_age_ms);
        faults.unless_in(&KEYS, "keys_max", self.keys_max);
        if self.change_age_ms != 0 {
            faults.unless_in(&CHANGE_AGE_MS, "change_age_ms, if it isn't 0,", self.change_age_ms);
        }
        faults.result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_work_is_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let refused = |config: Config| config.validate().expect_err("refused").to_string();
        for key_age_ms in [59_999, 604_800_001, -1] {
            let why = refused(Config { key_age_ms, ..Config::default() });
            assert_eq!(why, "key_age_ms must be from 60000 to 604800000");
        }
        assert_eq!(Config { change_age_ms: 0, ..Config::default() }.validate(), Ok(()));
        for change_age_ms in [1, 3_599_999, 315_360_000_001, -1] {
            let why = refused(Config { change_age_ms, ..Config::default() });
            assert_eq!(why, "change_age_ms, if it isn't 0, must be from 3600000 to 315360000000");
        }
        for keys_max in [999, 500_000_001] {
            let why = refused(Config { keys_max, ..Config::default() });
            assert_eq!(why, "keys_max must be from 1000 to 500000000");
        }
    }
}
