use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use model::{FeedPosition, ReadToken};

/// How far the primary had come when: what a replica must have to be read.
///
/// All that a replica can lack are changes, and those are numbered. So a replica lags if the primary is known to have had
/// changes long ago that the replica hasn't; an idle primary makes nobody lag, nor does one that can't be reached.
///
/// The first position that is seen of a timeline may be of any age: it is required at once. Otherwise a replica that is
/// hours behind would be read for as long as the lag allowed after every start and every promotion.
#[derive(Debug)]
pub(super) struct PrimaryPositions {
    timeline: u64,
    /// The greatest position that is as old as the lag allowed, or may be.
    required: FeedPosition,
    /// When later positions were seen first: those that were younger than the lag allowed at the last note.
    younger: VecDeque<(Instant, FeedPosition)>,
    lag_max: Duration,
}

impl PrimaryPositions {
    /// Requires all of this state.
    pub(super) fn new(state: ReadToken, lag_max: Duration) -> Self {
        let ReadToken { timeline, position } = state;
        Self { timeline, required: position, younger: VecDeque::new(), lag_max }
    }

    /// Takes note of the primary's state. Of another timeline, all that was known is void.
    pub(super) fn note(&mut self, state: ReadToken, now: Instant) {
        let ReadToken { timeline, position } = state;
        if timeline != self.timeline {
            *self = Self::new(state, self.lag_max);
            return;
        }
        self.required = self.required_at(now);
        while self.younger.front().is_some_and(|(seen, _)| now - *seen >= self.lag_max) {
            self.younger.pop_front();
        }
        if self.younger.back().map_or(self.required, |(_, last)| *last) < position {
            self.younger.push_back((now, position));
        }
    }

    /// The least that a state must have to be read now.
    pub(super) fn required(&self, now: Instant) -> ReadToken {
        ReadToken { timeline: self.timeline, position: self.required_at(now) }
    }

    fn required_at(&self, now: Instant) -> FeedPosition {
        let old = self.younger.iter().take_while(|(seen, _)| now - *seen >= self.lag_max).last();
        old.map_or(self.required, |(_, position)| *position)
    }

    /// The timeline that the primary is in.
    pub(super) fn timeline(&self) -> u64 {
        self.timeline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_MAX: Duration = Duration::from_secs(5);

    fn fresh(timeline: u64, position: u64) -> ReadToken {
        ReadToken { timeline, position: FeedPosition(position) }
    }

    #[test]
    fn what_the_primary_had_long_ago_is_required() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut positions = PrimaryPositions::new(fresh(1, 10), LAG_MAX);
        positions.note(fresh(1, 12), at(1_000));
        positions.note(fresh(1, 15), at(2_000));
        assert_eq!(positions.required(at(5_999)), fresh(1, 10));
        assert_eq!(positions.required(at(6_000)), fresh(1, 12));
        assert_eq!(positions.required(at(6_999)), fresh(1, 12));
        assert_eq!(positions.required(at(99_000)), fresh(1, 15));
    }

    #[test]
    fn the_first_state_that_is_seen_is_required_at_once() {
        let positions = PrimaryPositions::new(fresh(1, 10), LAG_MAX);
        assert_eq!(positions.required(Instant::now()), fresh(1, 10));
    }

    #[test]
    fn an_idle_primary_requires_what_it_has() {
        let start = Instant::now();
        let mut positions = PrimaryPositions::new(fresh(1, 10), LAG_MAX);
        for second in 1..1_000 {
            positions.note(fresh(1, 10), start + Duration::from_secs(second));
        }
        assert_eq!(positions.younger.len(), 0);
        assert_eq!(positions.required(start + Duration::from_secs(1_000)), fresh(1, 10));
    }

    #[test]
    fn marks_are_kept_no_longer_than_needed() {
        let start = Instant::now();
        let mut positions = PrimaryPositions::new(fresh(1, 0), LAG_MAX);
        for n in 1..1_000 {
            positions.note(fresh(1, n), start + Duration::from_millis(n * 250));
            assert!(positions.younger.len() <= 22);
        }
        assert_eq!(positions.required(start + Duration::from_millis(999 * 250)), fresh(1, 979));
    }

    #[test]
    fn another_history_begins_anew_and_requires_what_is_seen_of_it_at_once() {
        let later = Instant::now() + Duration::from_secs(9);
        let mut positions = PrimaryPositions::new(fresh(1, 10), LAG_MAX);
        positions.note(fresh(2, 8), later);
        assert_eq!(positions.required(later), fresh(2, 8));
        assert_eq!(positions.timeline(), 2);
        assert!(!fresh(2, 7).includes(positions.required(later)));
        assert!(!fresh(1, 11).includes(positions.required(later)));
    }
}
