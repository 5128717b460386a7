//! What a person does with a message: PROTOCOL.md's "What to do with them", without any socket.

use std::time::{Duration, Instant};

use model::Position;

use crate::judge::oracle::{Seen, Shown};
use crate::people::crowd::{Change, Crowd, add};
use crate::people::person::State;
use crate::people::wire::{Ack, ErrorReply, Friend, FromServer, Own, Push, Reason, Snapshot};
use crate::world::friendships::FOLLOWS_WITHIN_MS;

/// What a fix is answered with while it can't be stored.
const UNAVAILABLE: &str = "unavailable";

/// When such a fix is sent again if the service doesn't say.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a message asks of the person's task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Listen,
    /// There may be something to send now.
    RunErrands,
}

impl Crowd {
    /// Person `me` received `text` at `now`.
    pub(crate) fn hear(&self, me: u32, text: &str, now: Instant) -> Next {
        let message = match FromServer::parse(text) {
            Ok(message) => message,
            // The error's own text may quote the message, and so a position.
            Err(error) => {
                self.fault(me, format_args!("unreadable message ({:?})", error.classify()));
                return Next::Listen;
            }
        };
        let mut state = self.person(me).state();
        match message {
            FromServer::Welcome(welcome) => {
                let first = state.sessions == 0;
                state.welcome(&welcome, now, self.now_ms());
                add(if first { &self.tally.connections } else { &self.tally.reconnects }, 1);
                return Next::RunErrands;
            }
            FromServer::Push(push) => self.push(me, &mut state, &push, now),
            FromServer::Snapshot(snapshot) => self.snapshot(me, &mut state, &snapshot),
            FromServer::Ack(ack) => {
                self.acknowledged(me, &mut state, &ack);
                if state.has_fix_to_send() {
                    return Next::RunErrands;
                }
            }
            FromServer::Pong(pong) => {
                let late = state.pings.answer(pong.id, now);
                add(&self.tally.pings_unanswered, usize::from(late));
            }
            FromServer::Renewed(renewed) => state.renewed(self.now_ms(), renewed.token_expires_ms),
            FromServer::Radius(radius) => {
                state.radius_m = radius.radius_m;
                state.view_decided_at = Some(now);
            }
            FromServer::Gap => {
                state.view.expect_snapshot();
                state.gaps += 1;
                add(&self.tally.gaps, 1);
            }
            FromServer::Position(own) => {
                state.view_decided_at = Some(now);
                self.found(me, &mut state, &own);
            }
            FromServer::Unlocated => state.view.clear(),
            FromServer::Error(fault) => {
                self.refused(me, &mut state, &fault, now);
                if state.has_fix_to_send() {
                    return Next::RunErrands;
                }
            }
            FromServer::Aside => {}
            FromServer::Unknown => self.fault(me, "a message of unknown type"),
        }
        Next::Listen
    }

    fn snapshot(&self, me: u32, state: &mut State, snapshot: &Snapshot<'_>) {
        state.view.enter_epoch(&snapshot.epoch);
        if state.view.fresh {
            state.view.clear();
        }
        for friend in &snapshot.friends {
            self.put(me, state, friend);
        }
        state.view.fresh = !snapshot.more;
        state.view.complete = !snapshot.more;
        add(&self.tally.snapshots, usize::from(!snapshot.more));
    }

    fn push(&self, me: u32, state: &mut State, push: &Push<'_>, now: Instant) {
        add(&self.tally.pushes, 1);
        add(&self.tally.changes, push.came.len() + push.moved.len() + push.left.len());
        add(&self.tally.distances, push.distances.len());
        let own = state.last_sent.map(|(_, at)| at).max(state.view_decided_at);
        for friend in &push.came {
            let Some(number) = self.put(me, state, friend).number() else { continue };
            self.coming(me, number, Change::Came);
            // Somebody can come by their own fix, by mine, or because I see farther. The latest did it; only theirs is
            // measured.
            if let Some(sent) = self.person(number).sent_at(friend.time_ms)
                && own.is_none_or(|own| own <= sent)
            {
                self.latency.add(now.duration_since(sent));
            }
        }
        for friend in &push.moved {
            if let Put::Newer(number) = self.put(me, state, friend)
                && let Some(sent) = self.person(number).sent_at(friend.time_ms)
            {
                self.latency.add(now.duration_since(sent));
            }
        }
        for distance in &push.distances {
            let number = self.number(&distance.id);
            if let Some(seen) = number.and_then(|number| state.view.friends.get_mut(&number)) {
                seen.distance_m = distance.distance_m;
            }
        }
        for left in &push.left {
            let Some(number) = self.number(&left.id) else {
                state.view.outsiders.remove(&*left.id);
                continue;
            };
            state.view.friends.remove(&number);
            let what = if left.reason == Reason::Far { Change::Far } else { Change::Gone };
            self.coming(me, number, what);
        }
    }

    fn put(&self, me: u32, state: &mut State, friend: &Friend<'_>) -> Put {
        let Ok(position) = Position::new(friend.latitude, friend.longitude) else {
            self.fault(me, "a friend who is not on Earth");
            return Put::Nobody;
        };
        if friend.class != "precise" {
            self.fault(me, format_args!("a friend of the class {:?}", friend.class));
        }
        let Some(number) = self.number(&friend.id) else {
            let id: Box<str> = Box::from(&*friend.id);
            if !self.guests.contains(&(me, id.clone())) {
                state.view.outsiders.insert(id);
            }
            return Put::Nobody;
        };
        let (time_ms, distance_m) = (friend.time_ms, friend.distance_m);
        self.check_still_friends(me, number, time_ms);
        let before = state.view.friends.insert(number, Seen { position, time_ms, distance_m });
        if before.is_some_and(|before| before.time_ms == time_ms) {
            Put::Same(number)
        } else {
            Put::Newer(number)
        }
    }

    /// Whether somebody may still be told where this former friend was at that time.
    fn check_still_friends(&self, me: u32, former: u32, time_ms: i64) {
        let after_ms = self.bonds.lock().after_end_ms(me, former, time_ms);
        if let Some(after_ms) = after_ms.filter(|after| *after > FOLLOWS_WITHIN_MS) {
            let former = self.id(former);
            let what = format_args!(
                "told of a fix of {former} of {after_ms} ms after the end of their friendship"
            );
            self.fault(me, what);
        }
    }

    /// Somebody who has sent nothing yet is shown where an earlier run left them.
    fn found(&self, me: u32, state: &mut State, own: &Own) {
        let Ok(position) = Position::new(own.latitude, own.longitude) else {
            return self.fault(me, "a position of one's own that is not on Earth");
        };
        if state.last_sent.is_none() {
            state.shown = Some(Shown { position, time_ms: own.time_ms });
        }
    }

    fn refused(&self, me: u32, state: &mut State, fault: &ErrorReply<'_>, now: Instant) {
        if let (UNAVAILABLE, Some(seq)) = (&*fault.error, fault.seq) {
            add(&self.tally.unavailable, 1);
            let wait = fault.retry_after_ms.map_or(RETRY_AFTER, Duration::from_millis);
            return state.refused(seq, now + wait);
        }
        state.outstanding.retain(|report| Some(report.seq) != fault.seq);
        self.fault(me, format_args!("the service answers {}", fault.error));
    }

    fn acknowledged(&self, me: u32, state: &mut State, ack: &Ack<'_>) {
        let Some(at) = state.outstanding.iter().position(|report| report.seq == ack.seq) else {
            self.fault(me, "an acknowledgement of a fix that was not sent");
            return;
        };
        // One by one and in order: an acknowledgement that skips some leaves them outstanding, to be counted as lost.
        let Some(report) = state.outstanding.remove(at) else { return };
        add(&self.tally.acks, 1);
        let reason = ack.reason.as_deref().unwrap_or_default();
        // A fix that was sent again and is known already had arrived the first time.
        if ack.shown || report.again && reason == "repeated" {
            state.shown = Some(Shown { position: report.position, time_ms: report.time_ms });
            state.disputed = false;
        } else if reason == "older" {
            // Another device of this person said something newer.
            state.disputed = true;
        } else if reason != "too_old" {
            self.fault(me, format_args!("a fix is not shown: {reason:?}"));
        }
    }
}

/// What became of a friend in a message.
enum Put {
    Newer(u32),
    Same(u32),
    /// Not somebody the simulation knows.
    Nobody,
}

impl Put {
    fn number(&self) -> Option<u32> {
        match self {
            Self::Newer(number) | Self::Same(number) => Some(*number),
            Self::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests;
