use model::Monotonic;

use crate::session::limits::Limits;
use crate::session::messages::Reply;

/// So many pushes in a row must go out at once before a slow client counts as recovered.
const RECOVERED_AFTER: u32 = 5;

/// How fast a client reads, and how often it is therefore written to.
///
/// A write that the client's socket doesn't take is *stuck*. Stuck for long enough, the client is degraded to a longer
/// interval; stuck for too long, it is to be closed.
pub(crate) struct SlowConsumer {
    tick_ms: u64,
    degraded_interval_ms: u64,
    degrade_after_ms: u64,
    close_after_ms: u64,
    stuck_since: Option<Monotonic>,
    degraded: bool,
    prompt: u32,
    last_push: Option<Monotonic>,
    has_notice: bool,
}

impl SlowConsumer {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            tick_ms: limits.tick_ms,
            degraded_interval_ms: limits.degraded_interval_ms,
            degrade_after_ms: limits.stuck_degrade_ms,
            close_after_ms: limits.stuck_close_ms,
            stuck_since: None,
            degraded: false,
            prompt: 0,
            last_push: None,
            has_notice: false,
        }
    }

    /// The least time between two pushes.
    pub(crate) fn interval_ms(&self) -> u64 {
        if self.degraded { self.degraded_interval_ms } else { self.tick_ms }
    }

    /// From when on the next push may go.
    pub(crate) fn next_push(&self) -> Option<Monotonic> {
        self.last_push.map(|at| at.plus_ms(self.interval_ms()))
    }

    pub(crate) fn pushed(&mut self, now: Monotonic) {
        self.last_push = Some(now);
    }

    /// The socket doesn't take what was given to it.
    pub(crate) fn stuck(&mut self, now: Monotonic) {
        self.stuck_since.get_or_insert(now);
    }

    /// Whether nothing is stuck, and the client isn't known as slow: then it is no news that the socket has taken everything.
    pub(crate) fn keeps_up(&self) -> bool {
        self.stuck_since.is_none() && !self.degraded
    }

    /// The socket has taken everything.
    pub(crate) fn flushed(&mut self, now: Monotonic) {
        let stuck_ms = self.stuck_since.take().map_or(0, |since| now.since_ms(since));
        if stuck_ms >= self.degrade_after_ms {
            self.prompt = 0;
            self.degraded = true;
            self.has_notice = true;
        } else if self.degraded && stuck_ms < self.tick_ms.max(1) {
            self.prompt += 1;
            if self.prompt >= RECOVERED_AFTER {
                self.degraded = false;
                self.has_notice = true;
            }
        }
    }

    /// When the write will have been stuck for too long.
    pub(crate) fn close_at(&self) -> Option<Monotonic> {
        self.stuck_since.map(|since| since.plus_ms(self.close_after_ms))
    }

    pub(crate) fn take_notice(&mut self) -> Option<Reply> {
        let interval_ms = self.interval_ms();
        let is_due = std::mem::take(&mut self.has_notice);
        is_due.then_some(if self.degraded {
            Reply::Degraded { interval_ms }
        } else {
            Reply::Recovered { interval_ms }
        })
    }

    pub(crate) fn has_notice(&self) -> bool {
        self.has_notice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumer() -> SlowConsumer {
        SlowConsumer::new(&(&crate::Config::default()).into())
    }

    #[test]
    fn a_reader_that_keeps_up_is_written_to_once_a_tick() {
        let mut consumer = consumer();
        let tick_ms = consumer.interval_ms();
        consumer.pushed(Monotonic(100));
        consumer.flushed(Monotonic(100));
        assert_eq!(consumer.next_push(), Some(Monotonic(100 + tick_ms)));
        assert!(consumer.take_notice().is_none());
    }

    #[test]
    fn a_reader_that_was_stuck_is_degraded_and_recovers_when_it_keeps_up() {
        let mut consumer = consumer();
        consumer.stuck(Monotonic(0));
        consumer.stuck(Monotonic(900));
        consumer.flushed(Monotonic(1_000));
        let interval_ms = consumer.interval_ms();
        let told = consumer.take_notice();
        assert!(matches!(told, Some(Reply::Degraded { interval_ms: at }) if at == interval_ms));
        for n in 1..RECOVERED_AFTER {
            consumer.flushed(Monotonic(1_000 + u64::from(n) * interval_ms));
            assert!(consumer.take_notice().is_none());
        }
        consumer.flushed(Monotonic(60_000));
        let (told, now_ms) = (consumer.take_notice(), consumer.interval_ms());
        assert!(matches!(told, Some(Reply::Recovered { interval_ms: at }) if at == now_ms));
    }

    #[test]
    fn a_reader_that_is_stuck_for_too_long_is_to_be_closed() {
        let mut consumer = consumer();
        assert_eq!(consumer.close_at(), None);
        consumer.stuck(Monotonic(500));
        assert_eq!(consumer.close_at(), Some(Monotonic(30_500)));
    }
}
