//! What a session has to read of others: who its friends are, where they are, and what to call them. All goes on beside what the client says,
//! and none waits for another.

use model::Monotonic;

/// How long to wait before a reading that failed is tried again, milliseconds; and up to as much again, by session, so
/// that those who failed together don't come back together.
pub(super) const RETRY_MS: u64 = 1_000;

/// How often that time is doubled at most while people can't be read: nobody waits for names.
const PEOPLE_DOUBLINGS_MAX: u32 = 5;

/// Something to read, one of each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Who the friends are.
    Circle,
    /// The positions of all who are watched and weren't read yet, once they are subscribed.
    Positions,
    /// What people are called, and how the user stands to them.
    People,
}

/// One kind of reading.
#[derive(Debug, Default)]
struct Lane {
    due: bool,
    running: bool,
    /// It failed: not before then again.
    retry_at: Option<Monotonic>,
}

impl Lane {
    fn want(&mut self) {
        self.due = true;
        self.retry_at = None;
    }

    fn begins(&mut self, now: Monotonic) -> bool {
        if !self.due || self.running || self.retry_at.is_some_and(|at| now < at) {
            return false;
        }
        *self = Self { due: false, running: true, retry_at: None };
        true
    }

    /// Answers whether that was the last word: nothing has been wanted since it began.
    fn done(&mut self, retry_at: Option<Monotonic>) -> bool {
        self.running = false;
        let is_last = !self.due;
        if retry_at.is_some() && is_last {
            self.due = true;
            self.retry_at = retry_at;
        }
        is_last
    }

    fn is_idle(&self) -> bool {
        !self.due && !self.running
    }

    /// Idle, or waiting for another try.
    fn is_settled(&self) -> bool {
        !self.running && (!self.due || self.retry_at.is_some())
    }
}

/// All that is to be read, or is being read.
#[derive(Debug)]
pub(super) struct Reads {
    circle: Lane,
    positions: Lane,
    people: Lane,
    /// How often people couldn't be read, since they last could.
    people_failures: u32,
    /// The circle may be another one than is known: nothing of friends may be told.
    pub(super) unknown: bool,
    /// The user's own channel is subscribed, so that changes of their circle are heard: a circle that was read before is
    /// to be read again.
    pub(super) own_channel: bool,
    retry_ms: u64,
}

impl Reads {
    /// `spread` tells sessions apart; any number.
    pub(super) fn new(spread: u64) -> Self {
        Self {
            circle: Lane::default(),
            positions: Lane::default(),
            people: Lane::default(),
            people_failures: 0,
            unknown: false,
            own_channel: false,
            retry_ms: RETRY_MS + spread % RETRY_MS,
        }
    }

    /// What is to be read next, if anything can be.
    pub(super) fn next(&mut self, now: Monotonic) -> Option<Read> {
        if self.circle.begins(now) {
            return Some(Read::Circle);
        }
        if self.positions.begins(now) {
            return Some(Read::Positions);
        }
        self.people.begins(now).then_some(Read::People)
    }

    pub(super) fn want_circle(&mut self) {
        self.circle.want();
    }

    pub(super) fn want_positions(&mut self) {
        self.positions.want();
    }

    /// Nothing may be told until the circle was read anew.
    pub(super) fn circle_is_unknown(&mut self) {
        self.unknown = true;
        self.circle.want();
    }

    /// The reading that was begun last has come to an end.
    pub(super) fn circle_done(&mut self, now: Monotonic, ok: bool) {
        let is_last = self.circle.done(self.retry_at(now, ok));
        self.unknown &= !(ok && is_last);
    }

    pub(super) fn positions_done(&mut self, now: Monotonic, ok: bool) {
        self.positions.done(self.retry_at(now, ok));
    }

    /// Unlike the others these wait for their time after a failure, whatever else comes to be wanted.
    pub(super) fn want_people(&mut self) {
        self.people.due = true;
    }

    /// The same, and they are read at this moment if nothing keeps them waiting.
    pub(super) fn begins_people(&mut self, now: Monotonic) -> bool {
        self.want_people();
        self.people.begins(now)
    }

    /// Whether people could be read at this moment.
    pub(super) fn may_read_people(&self, now: Monotonic) -> bool {
        !self.people.running && self.people.retry_at.is_none_or(|at| now >= at)
    }

    pub(super) fn people_done(&mut self, now: Monotonic, ok: bool) {
        self.people = Lane::default();
        if ok {
            self.people_failures = 0;
            return;
        }
        let wait_ms = self.retry_ms << self.people_failures.min(PEOPLE_DOUBLINGS_MAX);
        self.people_failures += 1;
        self.people = Lane { due: true, running: false, retry_at: Some(now.plus_ms(wait_ms)) };
    }

    fn retry_at(&self, now: Monotonic, ok: bool) -> Option<Monotonic> {
        (!ok).then(|| now.plus_ms(self.retry_ms))
    }

    /// Everything is read.
    pub(super) fn are_idle(&self) -> bool {
        self.circle.is_idle() && self.positions.is_idle() && !self.unknown
    }

    /// Everything is read that can be read now.
    pub(super) fn are_settled(&self) -> bool {
        !self.unknown && self.circle.is_settled() && self.positions.is_settled()
    }

    /// When something that failed is tried again.
    pub(super) fn next_retry(&self) -> Option<Monotonic> {
        [self.circle.retry_at, self.positions.retry_at, self.people.retry_at]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_while_it_is_read_is_read_once_more() {
        let mut reads = Reads::new(0);
        reads.circle_is_unknown();
        assert_eq!(reads.next(Monotonic(0)), Some(Read::Circle));
        reads.circle_is_unknown();
        assert_eq!(reads.next(Monotonic(0)), None, "one at a time");
        reads.circle_done(Monotonic(1), true);
        assert!(reads.unknown, "that reading may be older than the last doubt");
        assert_eq!(reads.next(Monotonic(1)), Some(Read::Circle));
        reads.circle_done(Monotonic(2), true);
        assert!(reads.are_idle());
    }

    #[test]
    fn people_that_can_not_be_read_are_tried_ever_more_rarely_and_keep_nothing_waiting() {
        let mut reads = Reads::new(0);
        let mut now = Monotonic(0);
        for wait_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000] {
            reads.want_people();
            assert_eq!(reads.next(now), Some(Read::People));
            assert!(reads.are_idle() && reads.are_settled());
            reads.people_done(now, false);
            reads.want_people();
            assert_eq!(reads.next(now.plus_ms(wait_ms - 1)), None);
            now = now.plus_ms(wait_ms);
            assert_eq!(reads.next_retry(), Some(now));
        }
        assert_eq!(reads.next(now), Some(Read::People));
        reads.people_done(now, true);
        assert_eq!((reads.next_retry(), reads.next(now)), (None, None));
    }

    #[test]
    fn what_failed_waits_and_keeps_the_other_from_nothing() {
        let mut reads = Reads::new(7);
        reads.want_circle();
        assert_eq!(reads.next(Monotonic(0)), Some(Read::Circle));
        reads.circle_done(Monotonic(10), false);
        reads.want_positions();
        assert_eq!(reads.next(Monotonic(10)), Some(Read::Positions));
        reads.positions_done(Monotonic(20), true);
        assert!(reads.are_settled() && !reads.are_idle());
        assert_eq!(reads.next_retry(), Some(Monotonic(1_017)));
        assert_eq!(reads.next(Monotonic(1_016)), None);
        assert_eq!(reads.next(Monotonic(1_017)), Some(Read::Circle));
    }
}
