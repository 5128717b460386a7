use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use model::Position;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::judge::oracle::{Seen, Shown};
use crate::people::pings::Pings;
use crate::people::wire::{ToServer, Welcome};

/// Simulated phones all have the same name; ids of devices are per user.
const DEVICE: &str = "simulated";

/// How many sends are remembered to measure the way to a friend.
const SENDS_MAX: usize = 64;

/// With more fixes than this unacknowledged, a phone waits; the newest position is kept.
const OUTSTANDING_MAX: usize = 64;

/// One simulated person: what they know, and what they have been asked to do.
pub(crate) struct Person {
    /// Taken for a few microseconds by the person's own task, by the conductor and by a checkpoint. Whoever holds it
    /// may take somebody's `sends`, never the other way round.
    state: Mutex<State>,
    /// When each of the newest fixes was sent, by its `time_ms`, ascending. Friends read it.
    sends: Mutex<VecDeque<(i64, Instant)>>,
    /// There is something new in the orders.
    pub(crate) wake: Notify,
}

/// What the conductor asks for. Nothing queues: a newer position replaces one that was not sent yet.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) report: Option<(Position, i64)>,
    pub(crate) ping: Option<u64>,
    pub(crate) renew: bool,
    pub(crate) leave: bool,
    /// From when on the last fix is to be sent a second time.
    again_at: Option<Instant>,
}

/// A fix as it was sent.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) seq: u64,
    pub(crate) time_ms: i64,
    pub(crate) position: Position,
    /// Sent a second time: the connection was lost, or the service couldn't store it.
    pub(crate) again: bool,
}

/// What `welcome` said, and what changed since.
#[derive(Clone, Copy)]
pub(crate) struct Welcomed {
    pub(crate) since: Instant,
    pub(crate) ttl_ms: i64,
    pub(crate) tick_ms: u64,
    pub(crate) fixes_per_s: f64,
    pub(crate) renew_at_ms: Option<i64>,
}

/// The map that PROTOCOL.md tells clients to hold.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) friends: BTreeMap<u32, Seen>,
    /// People the simulation doesn't know.
    pub(crate) outsiders: BTreeSet<Box<str>>,
    pub(crate) epoch: String,
    /// Whether the last snapshot has come in full, and no gap after it.
    pub(crate) complete: bool,
    /// Whether the next part of a snapshot is a first one.
    pub(crate) fresh: bool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) orders: Orders,
    /// None while there is no session.
    pub(crate) welcomed: Option<Welcomed>,
    /// Whom of the plan's addresses this person talks to, or tries to.
    pub(crate) address: usize,
    pub(crate) sessions: u64,
    /// How often something may have been missed.
    pub(crate) gaps: u64,
    pub(crate) radius_m: f64,
    /// When something else than a friend's fix last decided who is in view: a radius, or a position from elsewhere.
    pub(crate) view_decided_at: Option<Instant>,
    pub(crate) view: View,
    pub(crate) outstanding: VecDeque<Report>,
    pub(crate) last_sent: Option<(Report, Instant)>,
    pub(crate) shown: Option<Shown>,
    /// Somebody else moves this person, or the service contradicted us: `shown` may not be what it holds.
    pub(crate) disputed: bool,
    pub(crate) pings: Pings,
    /// Will never come back.
    pub(crate) gave_up: bool,
    seq: u64,
}

/// What a person's task has to send now, in this order.
#[derive(Default)]
pub(crate) struct Errands {
    pub(crate) fix: Option<String>,
    pub(crate) ping: Option<String>,
    pub(crate) renew: bool,
    pub(crate) leave: bool,
}

impl View {
    pub(crate) fn clear(&mut self) {
        self.friends.clear();
        self.outsiders.clear();
    }

    pub(crate) fn expect_snapshot(&mut self) {
        self.complete = false;
        self.fresh = true;
    }

    /// Drops the map where the service says that it may have lost its memory.
    pub(crate) fn enter_epoch(&mut self, epoch: &str) {
        if self.epoch != epoch {
            self.clear();
            epoch.clone_into(&mut self.epoch);
        }
    }
}

impl Person {
    /// Somebody who was never connected. Their fixes are numbered from `seq`, which must be greater than in any
    /// earlier run against the same service.
    pub(crate) fn new(seq: u64) -> Self {
        Self {
            state: Mutex::new(State { seq, ..State::default() }),
            sends: Mutex::new(VecDeque::new()),
            wake: Notify::new(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(crate) fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.state().orders);
        self.wake.notify_one();
    }

    /// When the fix of that time was sent.
    pub(crate) fn sent_at(&self, time_ms: i64) -> Option<Instant> {
        let sends = self.sends.lock();
        sends.iter().rev().find(|(sent_ms, _)| *sent_ms == time_ms).map(|(_, at)| *at)
    }

    /// Turns orders into messages, as far as a session allows. Noted as sent at `now`.
    pub(crate) fn errands(&self, now: Instant) -> Errands {
        let mut state = self.state();
        let mut errands = Errands { leave: state.orders.leave, ..Errands::default() };
        if state.welcomed.is_none() {
            return errands;
        }
        if let Some(report) = state.next_report(now) {
            state.outstanding.push_back(report);
            state.last_sent = Some((report, now));
            let mut sends = self.sends.lock();
            if sends.len() == SENDS_MAX {
                sends.pop_front();
            }
            sends.push_back((report.time_ms, now));
            errands.fix = Some(report.text());
        }
        if let Some(id) = state.orders.ping.take() {
            state.pings.sent(id, now);
            errands.ping = Some(ToServer::Ping { id }.text());
        }
        errands.renew = std::mem::take(&mut state.orders.renew);
        errands
    }

    /// The connection is gone. Returns whether there had been a session.
    pub(crate) fn part(&self) -> bool {
        let mut state = self.state();
        // Whether these arrived will never be known; the newest is sent again.
        state.outstanding.clear();
        state.orders.again_at = None;
        state.pings.part();
        state.view.expect_snapshot();
        state.welcomed.take().is_some()
    }
}

impl State {
    /// A session begins.
    pub(crate) fn welcome(&mut self, welcome: &Welcome, now: Instant, now_ms: i64) {
        self.sessions += 1;
        self.radius_m = welcome.radius_m;
        self.view.expect_snapshot();
        self.view.enter_epoch(&welcome.epoch);
        self.orders.ping = None;
        let fresh = |report: &Report| now_ms - report.time_ms < welcome.ttl_ms;
        let last = self.last_sent.filter(|(report, _)| fresh(report));
        self.orders.again_at = last.map(|_| now);
        self.welcomed = Some(Welcomed {
            since: now,
            ttl_ms: welcome.ttl_ms,
            tick_ms: welcome.tick_ms,
            fixes_per_s: welcome.limits.fixes_per_s,
            renew_at_ms: welcome.token_expires_ms.map(|end| renew_at(welcome.time_ms, end)),
        });
    }

    /// A renewed token holds until `end_ms`.
    pub(crate) fn renewed(&mut self, now_ms: i64, end_ms: Option<i64>) {
        if let Some(welcomed) = &mut self.welcomed {
            welcomed.renew_at_ms = end_ms.map(|end| renew_at(now_ms, end));
        }
    }

    /// The service can't store the fix of that number now. It is sent again from `again_at` on, unless there is a newer
    /// one by then.
    pub(crate) fn refused(&mut self, seq: u64, again_at: Instant) {
        self.outstanding.retain(|report| report.seq != seq);
        if self.last_sent.is_some_and(|(last, _)| last.seq == seq) {
            self.orders.again_at = Some(again_at);
        }
    }

    /// When to look for something to send though nothing new has been ordered.
    pub(crate) fn next_errand(&self) -> Option<Instant> {
        self.orders.again_at.filter(|_| self.has_room())
    }

    /// Whether everything that was to be sent is sent and acknowledged.
    pub(crate) fn is_settled(&self) -> bool {
        !self.has_fix_to_send() && self.outstanding.is_empty()
    }

    /// Whether an acknowledgement may have made room for a fix that waits.
    pub(crate) fn has_fix_to_send(&self) -> bool {
        self.orders.report.is_some() || self.orders.again_at.is_some()
    }

    fn has_room(&self) -> bool {
        self.outstanding.len() < OUTSTANDING_MAX
    }

    fn next_report(&mut self, now: Instant) -> Option<Report> {
        if !self.has_room() {
            return None;
        }
        let Some((position, time_ms)) = self.orders.report.take() else {
            self.orders.again_at.take_if(|at| *at <= now)?;
            let (report, _) = self.last_sent?;
            return Some(Report { again: true, ..report });
        };
        // A newer one says more than the last one again.
        self.orders.again_at = None;
        self.seq += 1;
        // Times grow, so that each names one fix.
        let after = self.last_sent.map_or(i64::MIN, |(last, _)| last.time_ms + 1);
        Some(Report { seq: self.seq, time_ms: time_ms.max(after), position, again: false })
    }
}

impl Report {
    fn text(&self) -> String {
        ToServer::Fix {
            device: DEVICE,
            seq: self.seq,
            latitude: self.position.latitude(),
            longitude: self.position.longitude(),
            time_ms: self.time_ms,
        }
        .text()
    }
}

/// When four fifths of a token's time are over.
fn renew_at(from_ms: i64, end_ms: i64) -> i64 {
    end_ms - (end_ms - from_ms) / 5
}
