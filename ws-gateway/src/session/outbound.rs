//! What a session says of its own accord, worked out only when it can be written.

pub(crate) mod reporting_hint;
pub(crate) mod slow_consumer;

use model::{Moment, UserId};

use super::messages::{Push, Reply, Snapshot};
use super::{Phase, Session};
use reporting_hint::Hint;
use slow_consumer::Notice;

impl Session {
    /// The next thing to write that nobody asked for, or that had to wait for others: worked out only now, when it can
    /// be written, so that it is always the newest. `may_tell` says of whom anything may be told.
    pub(crate) fn pull(
        &mut self,
        now: Moment,
        may_tell: &dyn Fn(&UserId) -> bool,
    ) -> Option<Reply> {
        if !matches!(self.phase, Phase::Live) || self.token_is_over(now) {
            return None;
        }
        if let Some(notice) = self.notice(now) {
            return Some(notice);
        }
        if self.reads.unknown {
            return None;
        }
        if self.snapshot_due {
            if let Some(position) = self.own_position() {
                return Some(position);
            }
            return Some(self.snapshot_part(now, may_tell));
        }
        if let Some(push) = self.push(now, may_tell) {
            return Some(push);
        }
        if let Some(hint) = self.hint(now) {
            return Some(Reply::Hint(hint));
        }
        // What can't be read now isn't waited for.
        let id = self.pong.take_if(|_| self.reads.are_settled())?;
        Some(Reply::Pong { id, at: now.wall })
    }

    fn notice(&mut self, now: Moment) -> Option<Reply> {
        if let Some(closes_at) = self.drain.closes_at.filter(|_| !self.drain.announced) {
            self.drain.announced = true;
            let closes_in_ms = closes_at.since_ms(now.monotonic);
            return Some(Reply::Drain { closes_in_ms });
        }
        if std::mem::take(&mut self.gap_due) {
            return Some(Reply::Gap);
        }
        match self.pace.take_notice() {
            Some(Notice::Degraded { interval_ms }) => {
                return Some(Reply::Degraded { interval_ms });
            }
            Some(Notice::Recovered { interval_ms }) => {
                return Some(Reply::Recovered { interval_ms });
            }
            None => {}
        }
        if !std::mem::replace(&mut self.radius_told, true) {
            return Some(Reply::Radius(self.radius));
        }
        if std::mem::take(&mut self.unlocated_due) {
            return Some(Reply::Unlocated);
        }
        None
    }

    fn snapshot_part(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Reply {
        let changes = self.view.collect(self.config.changes_per_message_max, may_tell);
        let more = self.view.has_pending();
        self.snapshot_due = more;
        self.gap_told = false;
        if !more {
            self.pace.pushed(now.monotonic);
            self.hint_due = true;
        }
        Reply::Snapshot(Box::new(Snapshot {
            epoch: self.epoch.clone(),
            at: now.wall,
            located: self.view.located(),
            // All have just come, since nobody was listed before.
            friends: changes.came,
            more,
        }))
    }

    fn push(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Option<Reply> {
        let waits = self.pace.next_push().is_some_and(|at| now.monotonic < at);
        if waits && self.pong.is_none() {
            return None;
        }
        if let Some(position) = self.own_position() {
            return Some(position);
        }
        if !self.view.has_pending() {
            return None;
        }
        let changes = self.view.collect(self.config.changes_per_message_max, may_tell);
        if changes.count() == 0 {
            return None;
        }
        if !self.view.has_pending() {
            self.pace.pushed(now.monotonic);
        }
        self.hint_due = true;
        Some(Reply::Push(Box::new(Push { at: now.wall, changes })))
    }

    fn own_position(&mut self) -> Option<Reply> {
        if !std::mem::take(&mut self.position_due) {
            return None;
        }
        self.view.own_record().cloned().map(Reply::Position)
    }

    fn hint(&mut self, now: Moment) -> Option<Hint> {
        if !self.hint_due || self.hints.next_change().is_some_and(|at| now.monotonic < at) {
            return None;
        }
        self.hint_due = false;
        self.hints.update(now.monotonic, self.view.nearest(), self.config.ttl_ms)
    }
}
