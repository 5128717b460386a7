//! What a session says of its own accord, worked out only when it can be written.

pub(crate) mod reporting_hint;
pub(crate) mod slow_consumer;

use model::{Moment, UserId};

use super::{Phase, Pulled, Session};
use crate::protocol::reply::{self, Reply};
use crate::session::outbound::reporting_hint::Hint;
use crate::session::outbound::slow_consumer::Notice;

impl Session {
    /// The next thing to write that nobody asked for, or that had to wait for others: worked out only now, when it can
    /// be written, so that it is always the newest. `may_tell` says of whom anything may be told.
    pub(crate) fn pull(
        &mut self,
        now: Moment,
        may_tell: &dyn Fn(&UserId) -> bool,
    ) -> Option<Pulled> {
        if !matches!(self.phase, Phase::Live) || self.token_is_over(now) {
            return None;
        }
        if let Some(notice) = self.notice(now) {
            return Some(Pulled::notice(notice));
        }
        if self.reads.unknown {
            return None;
        }
        if self.snapshot_due {
            if let Some(position) = self.own_position() {
                return Some(Pulled::notice(position));
            }
            return Some(self.snapshot_part(now, may_tell));
        }
        if let Some(push) = self.push(now, may_tell) {
            return Some(push);
        }
        if let Some(hint) = self.hint(now) {
            return Some(Pulled::notice(Reply::Hint { hint: hint.into() }.encode()));
        }
        // What can't be read now isn't waited for.
        let id = self.pong.take_if(|_| self.reads.are_settled())?;
        Some(Pulled::notice(Reply::Pong { id, time_ms: now.wall.0 }.encode()))
    }

    fn notice(&mut self, now: Moment) -> Option<String> {
        if let Some(closes_at) = self.drain.closes_at.filter(|_| !self.drain.announced) {
            self.drain.announced = true;
            let closes_in_ms = closes_at.since_ms(now.monotonic);
            return Some(Reply::Drain { closes_in_ms }.encode());
        }
        if std::mem::take(&mut self.gap_due) {
            return Some(Reply::Gap.encode());
        }
        match self.pace.take_notice() {
            Some(Notice::Degraded { interval_ms }) => {
                return Some(Reply::Degraded { interval_ms }.encode());
            }
            Some(Notice::Recovered { interval_ms }) => {
                return Some(Reply::Recovered { interval_ms }.encode());
            }
            None => {}
        }
        if !std::mem::replace(&mut self.radius_told, true) {
            return Some(Reply::Radius { radius_m: self.radius.0 }.encode());
        }
        if std::mem::take(&mut self.unlocated_due) {
            return Some(Reply::Unlocated.encode());
        }
        None
    }

    fn snapshot_part(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Pulled {
        let changes = self.view.collect(now.wall, self.config.changes_per_message_max, may_tell);
        let more = self.view.has_pending();
        self.snapshot_due = more;
        self.gap_told = false;
        let located = self.view.located();
        let (count, fresh) = (changes.count, Vec::new());
        let text = reply::snapshot(&self.epoch, now.wall.0, located, &changes.into_friends(), more);
        if !more {
            self.pace.pushed(now.monotonic);
            self.hint_due = true;
        }
        Pulled { text, changes: count, fresh, snapshot: true }
    }

    fn push(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Option<Pulled> {
        let waits = self.pace.next_push().is_some_and(|at| now.monotonic < at);
        if waits && self.pong.is_none() {
            return None;
        }
        if let Some(position) = self.own_position() {
            return Some(Pulled::notice(position));
        }
        if !self.view.has_pending() {
            return None;
        }
        let mut changes =
            self.view.collect(now.wall, self.config.changes_per_message_max, may_tell);
        let (count, fresh) = (changes.count, std::mem::take(&mut changes.fresh));
        let text = changes.into_push(now.wall)?;
        if !self.view.has_pending() {
            self.pace.pushed(now.monotonic);
        }
        self.hint_due = true;
        Some(Pulled { text, changes: count, fresh, snapshot: false })
    }

    fn own_position(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.position_due) {
            return None;
        }
        self.view.own_record().map(|record| reply::position(record))
    }

    fn hint(&mut self, now: Moment) -> Option<Hint> {
        if !self.hint_due || self.hints.next_change().is_some_and(|at| now.monotonic < at) {
            return None;
        }
        self.hint_due = false;
        self.hints.update(now.monotonic, self.view.nearest(), self.config.ttl_ms)
    }
}
