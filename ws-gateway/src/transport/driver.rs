//! A session together with what it needs of the gateway, still without a socket: tests drive it directly.

mod boards;
mod closing;
mod deadlines;
mod history;
mod io;
mod people;
mod signalled;
mod tokens;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use api::{Verified, VerifyingKey};
use model::{Moment, Monotonic};

use crate::fanout::hub::ChannelEntry;
use crate::fanout::registry::FixesUsed;
use crate::fanout::wheel::TimerKey;
use crate::live::{self, Written};
use crate::metrics::Metrics;
use crate::protocol::request;
use crate::service::{ConnectionPermit, Gateway};
use crate::session::circle::Circle;
use crate::session::messages::{CloseCode, Reply, Request};
use crate::session::seam::{self, Planted, planted};
use crate::session::view::dirty_set::DirtySet;
use crate::session::{Effect, Input, Session};
use boards::Lane;
use history::Asked;
use tokens::Verifying;

/// Something to write.
#[derive(Debug)]
pub(crate) enum Out {
    Message(Reply),
    Ping,
    /// The last thing to write.
    Close(CloseCode, String),
}

/// What others do for this session: one of each at a time, none of which waits for another.
#[derive(Default)]
struct Running {
    /// What the client asked for; it isn't read meanwhile.
    announce: Option<live::Asked<'static, Written>>,
    verifying: Option<Verifying>,
    circle: Option<live::Asked<'static, Circle>>,
    positions: Option<live::Asked<'static, ()>>,
    people: Option<people::Reading>,
}

/// One connection, apart from its socket.
pub(crate) struct Driver {
    permit: ConnectionPermit,
    session: Session,
    /// By slot.
    entries: Vec<Option<Arc<ChannelEntry>>>,
    effects: VecDeque<Effect>,
    running: Running,
    lanes: Vec<Lane>,
    history: VecDeque<Asked>,
    out: VecDeque<Out>,
    /// Where the timer wheel will wake this session, for a near and a far deadline.
    armed: [Option<TimerKey>; 2],
    /// The other half of the mailbox's marks; empty between turns.
    marked: DirtySet,
    scratch: Vec<Effect>,
    /// Shared with the user's other connections, once it is known whose this is.
    fixes_used: FixesUsed,
    /// By which the session's token is valid.
    key: Option<Arc<VerifyingKey>>,
    /// A close was ordered by either side: until when the other may take to answer.
    closed: Option<Monotonic>,
}

impl Driver {
    /// A connection that has just been made; with a token if the handshake brought a valid one.
    pub(crate) fn new(permit: ConnectionPermit, verified: Option<Verified>) -> Self {
        let gateway = &permit.gateway;
        let id = model::token(&*gateway.deps.random);
        let epoch = gateway.live.epoch();
        let (limits, spread) = (gateway.session_limits.clone(), gateway.deps.random.next_u64());
        let session = Session::new(limits, id, epoch, spread, gateway.now());
        let mut driver = Self {
            permit,
            session,
            entries: Vec::new(),
            effects: VecDeque::new(),
            running: Running::default(),
            lanes: Vec::new(),
            history: VecDeque::new(),
            out: VecDeque::new(),
            armed: [None; 2],
            marked: DirtySet::default(),
            scratch: Vec::new(),
            fixes_used: FixesUsed::default(),
            key: None,
            closed: None,
        };
        if let Some(verified) = verified {
            driver.admit(verified);
        }
        driver
    }

    fn gateway(&self) -> &Arc<Gateway> {
        &self.permit.gateway
    }

    /// Whether a message of the client may be given now. While not, the client isn't read: what it sends waits in the
    /// kernel's buffers, and then in its own.
    pub(crate) fn takes_input(&self) -> bool {
        self.closed.is_none()
            && self.running.announce.is_none()
            && self.running.verifying.is_none()
            && self.effects.is_empty()
            && self.out.is_empty()
            && self.session.takes_input()
    }

    /// The client has sent a text message.
    pub(crate) fn text(&mut self, text: &str) {
        let request = request::parse(text, self.gateway().config.batch_fixes_max);
        if let Ok(Request::Fixes { left_out, .. }) = &request {
            Metrics::left_out(*left_out);
        }
        let fixes_used = self.fixes_used.clone();
        let fixes_used = &mut fixes_used.lock();
        self.input(Input::Text { bytes: text.len(), request, fixes_used });
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.input_at(self.gateway().now(), input);
    }

    fn input_at(&mut self, now: Moment, input: Input<'_>) {
        self.session.step(now, input, &mut self.scratch);
        let mut effects = std::mem::take(&mut self.scratch);
        for effect in effects.drain(..) {
            match effect {
                // Whoever isn't to be seen any more isn't looked at any more, whatever is still to be done.
                Effect::Unwatch(slots) if !planted(Planted::SlotGivenAway) => self.unwatch(&slots),
                Effect::ToHistory(fixes) => self.ask_history(fixes),
                Effect::HistoryIsLate => self.leave_history(),
                Effect::BeyondHistory(reason, fixes) => Metrics::beyond_history(reason, fixes),
                Effect::Send(ack @ Reply::Ack { .. }) => self.send(ack),
                other => self.effects.push_back(other),
            }
        }
        self.scratch = effects;
    }

    /// Goes on with calls and with what others left word of, as far as possible. The waker is woken for more.
    pub(crate) fn turn(&mut self, cx: &mut Context<'_>) {
        self.permit.mailbox.register(cx.waker());
        self.carry_out(cx);
        let now = self.hear();
        self.carry_out(cx);
        self.read(now, cx);
        self.boards(cx);
        while self.hear_history(cx) {
            self.carry_out(cx);
        }
    }

    /// Takes what others left: signals, and the newest record of each marked friend. Answers when that was.
    fn hear(&mut self) -> Moment {
        let mut marked = std::mem::take(&mut self.marked);
        if planted(Planted::TakenApart) {
            let signals = self.permit.mailbox.take_signals();
            seam::pause();
            self.permit.mailbox.take(&mut marked);
            self.signalled(signals);
        } else {
            let signals = self.permit.mailbox.take(&mut marked);
            self.signalled(signals);
            seam::pause();
        }
        let now = self.gateway().now();
        while let Some(slot) = marked.pop() {
            if let Some(entry) = self.entries.get(slot as usize).and_then(Option::as_ref) {
                let record = entry.newest(now).map(|sighting| sighting.record);
                self.input_at(now, Input::News(slot, record));
            }
        }
        self.marked = marked;
        // A record may be newer than its mark, and than a signal that was left after the mark. The signal is there by
        // now: it was left before the change was acknowledged, and the fix was sent after that.
        if !planted(Planted::TakenApart) {
            let signals = self.permit.mailbox.take_signals();
            self.signalled(signals);
        }
        now
    }

    /// The next thing to write, made only now so that it is the newest.
    pub(crate) fn next(&mut self) -> Option<Out> {
        if let Some(out) = self.out.pop_front() {
            return Some(out);
        }
        if self.closed.is_some() {
            return None;
        }
        let now = self.gateway().now();
        let mut message = self.next_of_session(now);
        // What was told shows only now whose names are missing.
        while message.is_none() && self.read_people_now(now) {
            message = self.next_of_session(now);
        }
        let Some(message) = message else {
            self.settle(now);
            return None;
        };
        self.count(&message, now);
        Some(Out::Message(message))
    }

    fn next_of_session(&mut self, now: Moment) -> Option<Reply> {
        let live = &self.permit.gateway.live;
        let all = live.are_all_current(now.monotonic);
        self.session.next_message(now, &|user| all || live.is_current(user, now.monotonic))
    }

    /// Counts a message for the metrics.
    fn count(&self, message: &Reply, now: Moment) {
        let metrics = &self.gateway().metrics;
        match message {
            Reply::Snapshot(_) => metrics.snapshots.increment(1),
            Reply::Push(push) => {
                metrics.pushes.increment(1);
                metrics.changes.increment(push.changes.count() as u64);
                for record in push.changes.fresh() {
                    metrics.fix_to_push(now.monotonic.since_ms(record.received));
                }
            }
            Reply::Ack { kept, unshown, .. } => metrics.ack(*kept, unshown.is_none()),
            Reply::Gap => metrics.gaps.increment(1),
            Reply::Board(_) => metrics.board_pushes.increment(1),
            Reply::Error(rejection) => Metrics::error(rejection.word),
            _ => {}
        }
    }

    fn send(&mut self, message: Reply) {
        self.count(&message, self.gateway().now());
        self.out.push_back(Out::Message(message));
    }

    fn carry_out(&mut self, cx: &mut Context<'_>) {
        loop {
            if let Some(announce) = &mut self.running.announce {
                let Poll::Ready(answer) = announce.as_mut().poll(cx) else { return };
                self.running.announce = None;
                self.input(Input::Announced(io::told(&self.session, answer)));
            }
            if !self.hear_verified(cx) {
                return;
            }
            let Some(effect) = self.effects.pop_front() else { return };
            match effect {
                Effect::Send(message) => self.send(message),
                Effect::Ping => self.out.push_back(Out::Ping),
                Effect::Unwatch(slots) => self.unwatch(&slots),
                // Done when the session wanted it.
                Effect::ToHistory(_) | Effect::HistoryIsLate | Effect::BeyondHistory(..) => {}
                Effect::Call(call) => self.call(call),
                Effect::Close(code, detail) => {
                    Metrics::closed(code);
                    self.close();
                    self.out.push_back(Out::Close(code, detail));
                }
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Else the wheel would keep the mailbox until then, up to a minute for a session that was short.
        (0..self.armed.len()).for_each(|far| self.disarm(far));
        let hub = self.gateway().hub.clone();
        for entry in self.entries.drain(..).flatten() {
            hub.unwatch(&entry, &self.permit.mailbox);
        }
    }
}
