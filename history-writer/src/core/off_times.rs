use std::collections::VecDeque;

use model::Timestamp;

use super::limits::OFF_STRETCHES_MAX;

/// A stretch of time in which a user's history was off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OffStretch {
    /// When it was turned off. What was received at this moment still counts.
    pub since: Timestamp,
    /// When it was turned on again, `None` if it is off. What was received at this moment counts again.
    pub until: Option<Timestamp>,
}

impl OffStretch {
    /// Whether a point that was received then doesn't count.
    fn covers(&self, received: Timestamp) -> bool {
        self.since < received && self.until.is_none_or(|until| received < until)
    }
}

/// When a user's history was off. A point counts unless it was received in one of these stretches: whatever was acknowledged
/// before it was turned off is kept, also if it is stored later, and what came while it was off isn't, also if it is on again by
/// then.
///
/// There are [`OFF_STRETCHES_MAX`] at most. With one more the oldest is forgotten: points that were received in it and have lain
/// in a log since then would count. Gathering stretches would lose what was acknowledged between them, and a person is never
/// refused to turn their history off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffTimes {
    /// One behind the other; only the last may go on.
    stretches: VecDeque<OffStretch>,
}

impl OffTimes {
    /// Always on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether history is off now.
    pub fn is_off(&self) -> bool {
        self.stretches.back().is_some_and(|last| last.until.is_none())
    }

    /// Whether a point that was received then doesn't count.
    pub fn cover(&self, received: Timestamp) -> bool {
        let behind = self.stretches.partition_point(|it| it.since < received);
        behind.checked_sub(1).is_some_and(|at| self.stretches[at].covers(received))
    }

    /// Turns it off or on. Nothing changes if it is.
    pub fn turn(&mut self, is_off: bool, at: Timestamp) {
        if is_off {
            self.turn_off(at);
        } else {
            self.turn_on(at);
        }
    }

    fn turn_off(&mut self, at: Timestamp) {
        if self.is_off() {
            return;
        }
        // A clock that went back doesn't bring stretches out of order.
        let since = self.stretches.back().and_then(|last| last.until).map_or(at, |it| it.max(at));
        self.stretches.push_back(OffStretch { since, until: None });
        while self.stretches.len() > OFF_STRETCHES_MAX {
            self.stretches.pop_front();
        }
    }

    fn turn_on(&mut self, at: Timestamp) {
        let Some(last) = self.stretches.back_mut().filter(|last| last.until.is_none()) else {
            return;
        };
        last.until = Some(at);
        if at - last.since <= 1 {
            // There is no moment in it.
            self.stretches.pop_back();
        }
    }

    /// Forgets what ended before a moment.
    pub fn forget(&mut self, before: Timestamp) {
        self.stretches.retain(|it| it.until.is_none_or(|until| until >= before));
    }

    /// The stretches, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = &OffStretch> {
        self.stretches.iter()
    }
}

/// Of stretches that lie one behind the other, in any order.
impl FromIterator<OffStretch> for OffTimes {
    fn from_iter<I: IntoIterator<Item = OffStretch>>(stretches: I) -> Self {
        let mut stretches: Vec<_> = stretches.into_iter().collect();
        stretches.sort_unstable();
        Self { stretches: stretches.into() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn off(stretches: &[(i64, Option<i64>)]) -> OffTimes {
        let stretch = |&(since, until): &(i64, Option<i64>)| OffStretch {
            since: Timestamp(since),
            until: until.map(Timestamp),
        };
        stretches.iter().map(stretch).collect()
    }

    #[test]
    fn what_came_in_between_does_not_count() {
        let off = off(&[(10, Some(20)), (20, Some(30)), (40, None)]);
        for (received, is_covered) in [
            (10, false),
            (11, true),
            (19, true),
            (20, false),
            (21, true),
            (30, false),
            (40, false),
            (41, true),
            (i64::MAX, true),
        ] {
            assert_eq!(off.cover(Timestamp(received)), is_covered, "{received}");
        }
        assert!(off.is_off() && !OffTimes::new().is_off());
    }

    #[test]
    fn turning_it_again_changes_nothing_and_a_clock_may_go_back() {
        let mut times = OffTimes::new();
        times.turn_on(Timestamp(1));
        assert_eq!(times, OffTimes::new());
        times.turn_off(Timestamp(10));
        times.turn_off(Timestamp(12));
        assert_eq!(times, off(&[(10, None)]));
        times.turn_on(Timestamp(20));
        times.turn_on(Timestamp(22));
        times.turn_off(Timestamp(15));
        assert_eq!(times, off(&[(10, Some(20)), (20, None)]));
        times.turn_on(Timestamp(5));
        assert_eq!(times, off(&[(10, Some(20))]));
    }

    #[test]
    fn of_too_many_the_oldest_is_forgotten() {
        let mut times = OffTimes::new();
        for at in 0..=OFF_STRETCHES_MAX as i64 {
            times.turn_off(Timestamp(at * 10));
            times.turn_on(Timestamp(at * 10 + 5));
        }
        assert_eq!(times.iter().count(), OFF_STRETCHES_MAX);
        assert!(!times.cover(Timestamp(2)) && times.cover(Timestamp(12)));
        times.forget(Timestamp(26));
        assert!(!times.cover(Timestamp(22)) && times.cover(Timestamp(32)));
        times.turn_off(Timestamp(1_000_000));
        times.forget(Timestamp(i64::MAX));
        assert_eq!(times, off(&[(1_000_000, None)]));
    }

    proptest! {
        #[test]
        fn a_point_counts_by_what_was_said_last_before_it(
            turns in prop::collection::vec((any::<bool>(), 1..4i64), 0..20),
        ) {
            let (mut times, mut at, mut is_off_at) = (OffTimes::new(), 0, Vec::new());
            let mut is_off = false;
            for (turn_off, later) in turns {
                is_off_at.extend((at + 1..at + 2 * later).map(|moment| (moment, is_off)));
                // Moments between those at which it is turned.
                at += 2 * later;
                is_off = turn_off;
                times.turn(turn_off, Timestamp(at));
            }
            is_off_at.push((at + 1, is_off));
            prop_assert_eq!(times.is_off(), is_off);
            for (moment, is_off) in is_off_at.into_iter().filter(|(moment, _)| moment % 2 == 1) {
                prop_assert_eq!(times.cover(Timestamp(moment)), is_off, "{}", moment);
            }
            let again: OffTimes = times.iter().copied().collect();
            prop_assert_eq!(again, times);
        }
    }
}
