//! What a session says of its own accord, worked out only when it can be written.

mod deadlines;
pub(super) mod due;
pub(crate) mod reporting_hint;
pub(crate) mod slow_consumer;

use model::{Moment, Monotonic, UserId};

use super::messages::{Push, Reply, Snapshot};
use super::{Phase, Session};
use due::{Due, DueSet};

impl Session {
    /// The next thing to write that nobody asked for, or that had to wait for others: worked out only now, when it can
    /// be written, so that it is always the newest. `may_tell` says of whom anything may be told.
    pub(crate) fn next_message(
        &mut self,
        now: Moment,
        may_tell: &dyn Fn(&UserId) -> bool,
    ) -> Option<Reply> {
        if !matches!(self.phase, Phase::Live) || self.token_is_over(now) {
            return None;
        }
        let told = self.all_due().iter().find_map(|due| {
            let is_time = self.told_from(due).is_some_and(|at| now.monotonic >= at);
            if is_time { self.tell(due, now, may_tell) } else { None }
        });
        if told.is_none() {
            self.settle_people();
        }
        told
    }

    /// When next something is due that isn't yet.
    fn next_telling(&self, now: Moment) -> Option<Monotonic> {
        let times = self.all_due().iter().filter_map(|due| self.told_from(due));
        times.filter(|at| *at > now.monotonic).min()
    }

    /// What there is to tell, whatever it waits for.
    fn all_due(&self) -> DueSet {
        let mut all = self.due;
        all.set(Due::SlowConsumer, self.slow_consumer.has_notice());
        all.set(Due::Push, self.view.has_pending());
        if self.people_stir {
            all.set(Due::Names, self.view.has_names());
            all.set(Due::Relations, self.relations.have_news());
        }
        all.set(Due::Boards, self.boards.have_news());
        all
    }

    /// From when on this may be told if it is due; none if it waits for something else than time.
    fn told_from(&self, due: Due) -> Option<Monotonic> {
        const AT_ONCE: Monotonic = Monotonic(0);
        let is_of_friends = due >= Due::Position && due != Due::Boards;
        if is_of_friends && self.reads.unknown {
            return None;
        }
        match due {
            // With a snapshot, and before a pong, everything is told at once.
            Due::Position | Due::Push
                if !self.due.contains(Due::Snapshot) && !self.due.contains(Due::Pong) =>
            {
                self.slow_consumer.next_push().or(Some(AT_ONCE))
            }
            Due::ReportingHint => self.given_hint.next_change().or(Some(AT_ONCE)),
            // What can't be read now isn't waited for.
            Due::Pong => self.reads.are_settled().then_some(AT_ONCE),
            _ => Some(AT_ONCE),
        }
    }

    /// The message, unless it turns out that there is nothing to tell.
    fn tell(&mut self, due: Due, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Option<Reply> {
        self.due.set(due, false);
        match due {
            Due::Drain => {
                let closes_in_ms = self.closes_at?.since_ms(now.monotonic);
                Some(Reply::Drain { closes_in_ms })
            }
            Due::Gap => Some(Reply::Gap),
            Due::SlowConsumer => self.slow_consumer.take_notice(),
            Due::Radius => Some(Reply::Radius(self.radius)),
            Due::Relations => self.relations.tell(),
            Due::Unlocated => Some(Reply::Unlocated),
            Due::Position => self.view.own_record().cloned().map(Reply::Position),
            Due::Snapshot => Some(self.snapshot_part(now, may_tell)),
            Due::Push => self.push(now, may_tell),
            Due::Names => {
                let names = self.view.tell_names(may_tell);
                (!names.is_empty()).then(|| Reply::Names(names.into()))
            }
            Due::ReportingHint => {
                let nearest = self.view.nearest();
                self.given_hint
                    .update(now.monotonic, nearest, self.limits.ttl_ms)
                    .map(Reply::ReportingHint)
            }
            Due::Boards => self.boards.tell(),
            Due::Pong => Some(Reply::Pong { id: self.ping, at: now.wall }),
        }
    }

    fn snapshot_part(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Reply {
        let (friends, more) = self.view.list(self.limits.changes_per_message_max, may_tell);
        self.people_stir |= !friends.is_empty();
        self.due.set(Due::Snapshot, more);
        self.gap_stands = false;
        if !more {
            self.slow_consumer.pushed(now.monotonic);
            self.due.insert(Due::ReportingHint);
        }
        Reply::Snapshot(Box::new(Snapshot {
            epoch: self.epoch.clone(),
            at: now.wall,
            located: self.view.located(),
            friends,
            more,
        }))
    }

    fn push(&mut self, now: Moment, may_tell: &dyn Fn(&UserId) -> bool) -> Option<Reply> {
        let changes = self.view.collect(self.limits.changes_per_message_max, may_tell);
        if changes.count() == 0 {
            return None;
        }
        self.people_stir |= !changes.came.is_empty();
        if !self.view.has_pending() {
            self.slow_consumer.pushed(now.monotonic);
        }
        self.due.insert(Due::ReportingHint);
        Some(Reply::Push(Box::new(Push { at: now.wall, changes })))
    }
}
