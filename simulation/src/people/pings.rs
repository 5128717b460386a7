//! Whether somebody's pings are answered, and in time. Pure.

use std::time::{Duration, Instant};

/// How long the answer may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// One person's pings. Their numbers grow, and an answer also stands for all pings before its own.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    /// The newest that was answered.
    pub(crate) answered: u64,
    /// The one whose answer is waited for, and when it was sent.
    awaited: Option<(u64, Instant)>,
    /// Something is broken that excuses late answers.
    pub(crate) forgiven: bool,
}

impl Pings {
    pub(crate) fn sent(&mut self, id: u64, now: Instant) {
        if !self.forgiven && self.awaited.is_none() {
            self.awaited = Some((id, now));
        }
    }

    /// An answer; true if it comes too late and that hasn't been said yet.
    pub(crate) fn answer(&mut self, id: u64, now: Instant) -> bool {
        self.answered = id;
        let late = self.is_late(now);
        self.awaited = self.awaited.filter(|(awaited, _)| *awaited > id);
        late
    }

    /// Whether one has waited too long for its answer; said once.
    pub(crate) fn is_late(&mut self, now: Instant) -> bool {
        self.awaited.take_if(|(_, sent)| now.duration_since(*sent) > ANSWERED_WITHIN).is_some()
    }

    /// The session has ended: what it owed is owed no more.
    pub(crate) fn part(&mut self) {
        self.awaited = None;
    }

    /// From now on late answers are excused, or not any more. What is under way is excused in both cases.
    pub(crate) fn forgive(&mut self, forgiven: bool) {
        if forgiven != self.forgiven {
            (self.forgiven, self.awaited) = (forgiven, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_TIME: Duration = ANSWERED_WITHIN;
    const LATE: Duration = Duration::from_millis(ANSWERED_WITHIN.as_millis() as u64 + 1);

    #[test]
    fn an_answer_that_comes_too_late_or_never_is_told_once() {
        let (mut pings, start) = (Pings::default(), Instant::now());
        pings.sent(1, start);
        assert!(!pings.is_late(start + IN_TIME) && !pings.answer(1, start + IN_TIME));
        assert!(!pings.is_late(start + LATE), "it was answered");
        pings.sent(2, start);
        pings.sent(3, start + IN_TIME);
        assert!(pings.is_late(start + LATE), "the first counts");
        assert!(!pings.answer(3, start + LATE) && !pings.is_late(start + 2 * LATE));
        pings.sent(4, start);
        assert!(pings.answer(4, start + LATE));
        assert_eq!(pings.answered, 4);
    }

    #[test]
    fn an_answer_stands_for_the_pings_before() {
        let (mut pings, start) = (Pings::default(), Instant::now());
        pings.sent(1, start);
        pings.sent(2, start);
        assert!(!pings.answer(2, start) && !pings.is_late(start + LATE));
        pings.sent(3, start);
        assert!(!pings.answer(2, start) && pings.is_late(start + LATE), "that was no answer to it");
    }

    #[test]
    fn whoever_parts_or_is_forgiven_is_owed_nothing() {
        let (mut pings, start) = (Pings::default(), Instant::now());
        pings.sent(1, start);
        pings.part();
        assert!(!pings.is_late(start + LATE));
        pings.sent(2, start);
        pings.forgive(true);
        pings.sent(3, start);
        assert!(!pings.is_late(start + LATE));
        pings.forgive(false);
        assert!(!pings.is_late(start + LATE));
        pings.sent(4, start);
        pings.forgive(false);
        assert!(pings.is_late(start + LATE));
    }
}
