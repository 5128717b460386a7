use model::Timestamp;

use super::erasure::TimeRange;
use super::limits::GAPS_MAX;

/// To how much the ends of a gap are rounded, milliseconds: so one that grows is written anew once a minute.
const MINUTE_MS: i64 = 60_000;

/// The stretches of effective time of which points of somebody were refused or lost: tracks over them may lack some.
///
/// They are rounded to whole minutes, outwards, and those that touch are one. There are [`GAPS_MAX`] at most: with one more the
/// two that lie nearest to each other become one, so that a track may be said to lack something that it doesn't, and never the
/// other way round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// In the order of time, and apart from each other.
    ranges: Vec<TimeRange>,
}

impl Gaps {
    /// No gaps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds a gap; answers whether that changes anything.
    pub fn add(&mut self, range: TimeRange) -> bool {
        if range.to <= range.from {
            return false;
        }
        let down = |at: i64| at.div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS);
        let mut from = Timestamp(down(range.from.0));
        let mut to = Timestamp(down(range.to.0.saturating_add(MINUTE_MS - 1)).max(range.to.0));
        let start = self.ranges.partition_point(|it| it.to < from);
        let end = self.ranges.partition_point(|it| it.from <= to);
        if self.ranges[start..end].iter().any(|it| it.from <= from && to <= it.to) {
            return false;
        }
        for touched in &self.ranges[start..end] {
            (from, to) = (from.min(touched.from), to.max(touched.to));
        }
        self.ranges.splice(start..end, [TimeRange { from, to }]);
        while self.ranges.len() > GAPS_MAX {
            self.join_nearest();
        }
        true
    }

    /// Whether some of a stretch of time lies in a gap.
    pub fn overlap(&self, TimeRange { from, to }: TimeRange) -> bool {
        let behind = self.ranges.partition_point(|it| it.to <= from);
        from < to && self.ranges.get(behind).is_some_and(|it| it.from < to)
    }

    /// Forgets the gaps that end before a moment.
    pub fn forget(&mut self, before: Timestamp) {
        self.ranges.retain(|it| it.to >= before);
    }

    /// The gaps, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = TimeRange> {
        self.ranges.iter().copied()
    }

    fn join_nearest(&mut self) {
        let apart = |pair: &[TimeRange]| pair[1].from.0.saturating_sub(pair[0].to.0);
        let pairs = self.ranges.windows(2).enumerate();
        let Some((at, _)) = pairs.min_by_key(|(_, pair)| apart(pair)) else { return };
        self.ranges[at].to = self.ranges[at + 1].to;
        self.ranges.remove(at + 1);
    }
}

impl Extend<TimeRange> for Gaps {
    fn extend<I: IntoIterator<Item = TimeRange>>(&mut self, ranges: I) {
        for range in ranges {
            self.add(range);
        }
    }
}

impl FromIterator<TimeRange> for Gaps {
    fn from_iter<I: IntoIterator<Item = TimeRange>>(ranges: I) -> Self {
        let mut gaps = Self::new();
        gaps.extend(ranges);
        gaps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(from: i64, to: i64) -> TimeRange {
        TimeRange { from: Timestamp(from), to: Timestamp(to) }
    }

    fn minutes(gaps: &Gaps) -> Vec<(i64, i64)> {
        gaps.iter().map(|it| (it.from.0 / MINUTE_MS, it.to.0 / MINUTE_MS)).collect()
    }

    #[test]
    fn gaps_that_touch_are_one() {
        let mut gaps = Gaps::new();
        assert!(gaps.add(range(60_001, 60_002)) && !gaps.add(range(60_000, 120_000)));
        assert!(gaps.add(range(300_000, 300_001)) && gaps.add(range(120_000, 120_001)));
        assert_eq!(minutes(&gaps), [(1, 3), (5, 6)]);
        assert!(!gaps.add(range(5, 5)) && gaps.add(range(0, 299_000)));
        assert_eq!(minutes(&gaps), [(0, 6)]);
        gaps.forget(Timestamp(360_001));
        assert!(gaps.is_empty() && gaps.add(TimeRange::ALL));
        assert!(gaps.overlap(range(i64::MAX - 1, i64::MAX)));
    }

    #[test]
    fn of_too_many_the_nearest_become_one() {
        let apart = |n: i64| if n == 700 { 2 } else { 0 };
        let starts = (0..=GAPS_MAX as i64).map(|n| (n * 5 - apart(n)) * MINUTE_MS);
        let gaps: Gaps = starts.map(|at| range(at, at + 1)).collect();
        assert_eq!(gaps.iter().count(), GAPS_MAX);
        assert!(gaps.overlap(range(3_496 * MINUTE_MS, 3_497 * MINUTE_MS)));
        assert!(!gaps.overlap(range(3_492 * MINUTE_MS, 3_495 * MINUTE_MS)));
    }

    proptest! {
        #[test]
        fn whatever_was_added_is_found(
            given in prop::collection::vec((0..60i64, 1..9i64), 0..20), asked in (0..70i64, 1..5i64),
        ) {
            let (from, length) = asked;
            let gaps: Gaps = given.iter()
                .map(|(from, length)| range(from * MINUTE_MS, (from + length) * MINUTE_MS))
                .collect();
            let overlaps = given.iter().any(|(start, long)| *start < from + length && from < start + long);
            let found = gaps.overlap(range(from * MINUTE_MS, (from + length) * MINUTE_MS));
            prop_assert_eq!(found, overlaps);
            prop_assert!(minutes(&gaps).windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
