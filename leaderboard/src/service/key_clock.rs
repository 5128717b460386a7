use model::{Moment, Monotonic};

use crate::KeyTime;

/// By how much the calendar may be ahead of the stopwatch before that is a leap, milliseconds: clocks are slewed, and look
/// twice a second apart.
const LEAP_MS_MIN: i64 = 60_000;

/// Tells the time that keys age in: the calendar's, except that it doesn't leap ahead with it. If it did, a clock that is set
/// wrong by a day would let all keys be forgotten at once, and events that are sent again would count twice.
///
/// A leap is believed once it is as old as keys get: by then all that were remembered before it are really that old. Until
/// then keys are remembered longer than need be, and the events of that time with them. What the calendar loses it loses here
/// too: that only makes keys younger. A process that starts believes the calendar.
#[derive(Debug)]
pub(super) struct KeyClock {
    age_ms: i64,
    /// Where both clocks were when they last agreed.
    agreed: Option<Moment>,
    /// Since when the calendar is ahead.
    leapt: Option<Monotonic>,
}

impl KeyClock {
    /// For keys that are remembered for this long, milliseconds.
    pub(super) fn new(age_ms: i64) -> Self {
        Self { age_ms, agreed: None, leapt: None }
    }

    /// What time it is.
    pub(super) fn now(&mut self, now: Moment) -> KeyTime {
        let agreed = *self.agreed.get_or_insert(now);
        let passed = now.monotonic.since_ms(agreed.monotonic);
        let steady = agreed.wall.plus_ms(i64::try_from(passed).unwrap_or(i64::MAX));
        if now.wall - steady < LEAP_MS_MIN {
            (self.agreed, self.leapt) = (Some(now), None);
            return KeyTime::new(now.wall, self.age_ms);
        }
        let leapt = *self.leapt.get_or_insert(now.monotonic);
        if now.monotonic.since_ms(leapt) >= self.age_ms.unsigned_abs() {
            (self.agreed, self.leapt) = (Some(now), None);
            return KeyTime::new(now.wall, self.age_ms);
        }
        KeyTime::new(steady, self.age_ms)
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    const HOUR_MS: i64 = 60 * 60 * 1_000;
    const DAY_MS: i64 = 24 * HOUR_MS;
    /// When the calendar began to be looked at.
    const START: i64 = 1_700_000_000_000;

    /// What the clock says, after so much time by the stopwatch, while the calendar is off by so much; milliseconds since it
    /// began.
    fn says(clock: &mut KeyClock, passed_ms: i64, off_ms: i64) -> i64 {
        let wall = Timestamp(START + passed_ms + off_ms);
        let monotonic = Monotonic(1_000 + passed_ms as u64);
        let time = clock.now(Moment { wall, monotonic });
        assert_eq!(time.now - time.since, DAY_MS);
        time.now.0 - START
    }

    #[test]
    fn both_clocks_go_together() {
        let mut clock = KeyClock::new(DAY_MS);
        for passed in [0, 1, HOUR_MS, 40 * DAY_MS] {
            assert_eq!(says(&mut clock, passed, 0), passed);
        }
        // Slewed by a second an hour for weeks.
        for hours in 0..1_000 {
            let (passed, off) = (40 * DAY_MS + hours * HOUR_MS, hours * 1_000);
            assert_eq!(says(&mut clock, passed, off), passed + off);
        }
    }

    #[test]
    fn a_leap_ahead_is_believed_once_keys_of_before_are_really_old() {
        let mut clock = KeyClock::new(DAY_MS);
        assert_eq!(says(&mut clock, 0, 0), 0);
        assert_eq!(says(&mut clock, HOUR_MS, 2 * DAY_MS), HOUR_MS);
        assert_eq!(says(&mut clock, HOUR_MS + DAY_MS - 1, 2 * DAY_MS), HOUR_MS + DAY_MS - 1);
        assert_eq!(says(&mut clock, HOUR_MS + DAY_MS, 2 * DAY_MS), HOUR_MS + 3 * DAY_MS);
        assert_eq!(says(&mut clock, 2 * DAY_MS, 2 * DAY_MS), 4 * DAY_MS);
    }

    #[test]
    fn a_leap_that_is_taken_back_changes_nothing() {
        let mut clock = KeyClock::new(DAY_MS);
        assert_eq!(says(&mut clock, 0, 0), 0);
        assert_eq!(says(&mut clock, HOUR_MS, 2 * DAY_MS), HOUR_MS);
        assert_eq!(says(&mut clock, 2 * HOUR_MS, 0), 2 * HOUR_MS);
        // It counts from its own beginning.
        assert_eq!(says(&mut clock, 20 * HOUR_MS, DAY_MS), 20 * HOUR_MS);
        assert_eq!(says(&mut clock, 30 * HOUR_MS, DAY_MS), 30 * HOUR_MS);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_keys_younger() {
        let mut clock = KeyClock::new(DAY_MS);
        assert_eq!(says(&mut clock, HOUR_MS, 0), HOUR_MS);
        assert_eq!(says(&mut clock, 2 * HOUR_MS, -HOUR_MS), HOUR_MS);
        // And set right again it has leapt.
        assert_eq!(says(&mut clock, 3 * HOUR_MS, 0), 2 * HOUR_MS);
    }
}
