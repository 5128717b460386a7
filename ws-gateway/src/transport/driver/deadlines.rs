//! When a session has to be looked at next: after a tick, at a deadline, when the socket takes something again.

use model::Moment;
use std::sync::Arc;

use super::Driver;
use crate::fanout::hub::Due;

/// Deadlines nearer than this are armed apart from farther ones, so that ticks don't pile up entries for pings.
const NEAR_MS: u64 = 1_000;

impl Driver {
    /// The socket doesn't take what it was given.
    pub(crate) fn stuck(&mut self) {
        let now = self.gateway().now();
        self.session.slow_consumer.stuck(now.monotonic);
        self.arm(now);
    }

    /// The socket has taken everything. Answers whether there is now something to tell because of that.
    pub(crate) fn flushed(&mut self) -> bool {
        if self.session.slow_consumer.keeps_up() {
            return false;
        }
        let now = self.gateway().now();
        self.session.slow_consumer.flushed(now.monotonic);
        let has_notice = self.session.slow_consumer.has_notice();
        if has_notice {
            self.gateway().metrics.pace_changes.increment(1);
        }
        has_notice
    }

    /// Nothing more to tell: until the tick of the last push is over, marks can wait.
    pub(super) fn settle(&mut self, now: Moment) {
        if let Some(at) = self.session.slow_consumer.next_push().filter(|at| *at > now.monotonic) {
            let mailbox = self.permit.mailbox.clone();
            if mailbox.cool() {
                self.gateway().timers.lock().insert(at, Due::Tick(mailbox));
            }
        }
        self.arm(now);
    }

    pub(super) fn arm(&mut self, now: Moment) {
        let Some(at) = self.session.deadline(now) else { return };
        let covered = self.armed.iter().flatten().any(|armed| armed.deadline <= at);
        if !covered {
            let far = usize::from(at.since_ms(now.monotonic) >= NEAR_MS);
            self.disarm(far);
            let key =
                self.gateway().timers.lock().insert(at, Due::Wake(self.permit.mailbox.clone()));
            self.armed[far] = Some(key);
        }
    }

    pub(super) fn disarm(&mut self, far: usize) {
        let Some(key) = self.armed[far].take() else { return };
        let mailbox = &self.permit.mailbox;
        let is_ours = |due: &Due| matches!(due, Due::Wake(other) if Arc::ptr_eq(other, mailbox));
        self.gateway().timers.lock().cancel(key, is_ours);
    }
}
