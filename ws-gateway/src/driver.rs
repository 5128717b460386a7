//! A session together with what it needs of the gateway, still without a socket: tests drive it directly.

mod calls;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use api::Caller;
use model::{Moment, Monotonic};

use crate::friends::Circle;
use crate::gateway::{Gateway, Seat};
use crate::hub::{Cell, Due};
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::port::{self, Async, Written};
use crate::protocol::CloseCode;
use crate::session::{Effect, FixesUsed, Input, Session};

/// Deadlines nearer than this are armed apart from farther ones, so that ticks don't pile up entries for pings.
const NEAR_MS: u64 = 1_000;

/// How long a client may take to answer a close.
const CLOSE_ANSWER_MS: u64 = 1_000;

/// Something to write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Out {
    Text(String),
    Ping,
    /// The last thing to write.
    Close(CloseCode, String),
}

enum Answer {
    Admitted(Result<(Caller, FixesUsed), (CloseCode, String)>),
    Renewed(Result<Caller, String>),
    Circle(Result<Circle, port::Error>),
    Watching(Result<(), port::Error>),
    Reread(Result<(), port::Error>),
    Announced(Result<Written, port::Error>),
}

/// One connection, apart from its socket.
pub(crate) struct Driver {
    seat: Seat,
    session: Session,
    /// By slot.
    cells: Vec<Option<Arc<Cell>>>,
    effects: VecDeque<Effect>,
    running: Option<Async<'static, Answer>>,
    out: VecDeque<Out>,
    /// When the timer wheel will wake this session, for a near and a far deadline.
    armed: [Option<Monotonic>; 2],
    /// The other half of the mailbox's marks; empty between turns.
    marked: Marks,
    scratch: Vec<Effect>,
    /// A close was ordered by either side: until when the other may take to answer.
    closed: Option<Monotonic>,
}

impl Driver {
    /// A connection that has just been made; with a caller if the handshake brought a valid token.
    pub(crate) fn new(seat: Seat, caller: Option<Caller>) -> Self {
        let gateway = seat.gateway();
        let id = model::token(&*gateway.random);
        let epoch = gateway.live.epoch();
        let session = Session::new(gateway.config.clone(), id, epoch, gateway.now());
        let running = caller.map(|caller| calls::admit(gateway.clone(), seat.id(), caller));
        Self {
            seat,
            session,
            cells: Vec::new(),
            effects: VecDeque::new(),
            running,
            out: VecDeque::new(),
            armed: [None; 2],
            marked: Marks::default(),
            scratch: Vec::new(),
            closed: None,
        }
    }

    fn gateway(&self) -> &Arc<Gateway> {
        self.seat.gateway()
    }

    /// Whether a message of the client may be given now. While not, the client isn't read: what it sends waits in the
    /// kernel's buffers, and then in its own.
    pub(crate) fn takes_input(&self) -> bool {
        self.closed.is_none()
            && self.running.is_none()
            && self.effects.is_empty()
            && self.out.is_empty()
            && self.session.takes_input()
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        let now = self.gateway().now();
        self.session.step(now, input, &mut self.scratch);
        self.effects.extend(self.scratch.drain(..));
    }

    /// Goes on with calls and with what others left word of, as far as possible. The waker is woken for more.
    pub(crate) fn turn(&mut self, cx: &mut Context<'_>) {
        self.seat.mailbox.register(cx.waker());
        self.carry_out(cx);
        let calls = self.seat.mailbox.take_calls();
        if calls.timer {
            let now = self.gateway().now().monotonic;
            for armed in &mut self.armed {
                *armed = armed.filter(|at| *at > now);
            }
        }
        if calls.gap {
            self.session.set_epoch(self.gateway().live.epoch());
        }
        if calls != crate::mailbox::Calls::default() {
            let drain_in_ms = if calls.drain { self.gateway().drain_in_ms() } else { 0 };
            self.input(Input::Calls(calls, drain_in_ms));
        }
        self.take_news();
        self.carry_out(cx);
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
        let Some(pulled) = self.session.pull(now) else {
            self.settle(now);
            return None;
        };
        let metrics = &self.gateway().metrics;
        if pulled.snapshot {
            metrics.snapshots.increment(1);
        } else if pulled.changes > 0 {
            metrics.pushes.increment(1);
            metrics.changes.increment(pulled.changes as u64);
        }
        for record in pulled.fresh {
            metrics.fix_to_push(now.monotonic.since_ms(record.received));
        }
        Some(Out::Text(pulled.text))
    }

    /// The socket doesn't take what it was given.
    pub(crate) fn stuck(&mut self) {
        let now = self.gateway().now();
        self.session.pace.stuck(now.monotonic);
        self.arm(now);
    }

    /// The socket has taken everything.
    pub(crate) fn flushed(&mut self) {
        let now = self.gateway().now();
        self.session.pace.flushed(now.monotonic);
        if self.session.pace.has_notice() {
            self.gateway().metrics.pace_changes.increment(1);
        }
    }

    /// The client closes; the library answers.
    pub(crate) fn closed_by_client(&mut self) {
        self.out.clear();
        self.close();
    }

    /// The client can't be understood, and is told so.
    pub(crate) fn closed_by_fault(&mut self, code: CloseCode) {
        Metrics::closed(code);
        self.out.clear();
        self.close();
    }

    fn close(&mut self) {
        let until = self.gateway().now().monotonic.plus_ms(CLOSE_ANSWER_MS);
        self.closed = Some(until);
        self.effects.clear();
        self.running = None;
        self.gateway().timers.at(until, Due::Wake(self.seat.mailbox.clone()));
    }

    /// Whether a close wasn't answered in time, or could never be written.
    pub(crate) fn gave_up(&self) -> bool {
        self.closed.is_some_and(|until| self.gateway().now().monotonic >= until)
    }

    /// Nothing more to tell: until the tick of the last push is over, marks can wait.
    fn settle(&mut self, now: Moment) {
        if let Some(at) = self.session.pace.next_push().filter(|at| *at > now.monotonic) {
            let mailbox = self.seat.mailbox.clone();
            if mailbox.cool() {
                self.gateway().timers.at(at, Due::Tick(mailbox));
            }
        }
        self.arm(now);
    }

    fn arm(&mut self, now: Moment) {
        let Some(at) = self.session.deadline(now) else { return };
        let covered = self.armed.iter().flatten().any(|armed| *armed <= at);
        if !covered {
            let far = usize::from(at.since_ms(now.monotonic) >= NEAR_MS);
            self.armed[far] = Some(at);
            self.gateway().timers.at(at, Due::Wake(self.seat.mailbox.clone()));
        }
    }

    fn take_news(&mut self) {
        let mut marked = std::mem::take(&mut self.marked);
        self.seat.mailbox.take_marked(&mut marked);
        let now = self.gateway().now();
        while let Some(slot) = marked.pop() {
            if let Some(cell) = self.cells.get(slot as usize).and_then(Option::as_ref) {
                let record = cell.newest(now).map(|sighting| sighting.record);
                self.input(Input::News(slot, record));
            }
        }
        self.marked = marked;
    }

    fn carry_out(&mut self, cx: &mut Context<'_>) {
        loop {
            if let Some(running) = &mut self.running {
                let Poll::Ready(answer) = running.as_mut().poll(cx) else { return };
                self.running = None;
                self.answered(answer);
            }
            let Some(effect) = self.effects.pop_front() else { return };
            match effect {
                Effect::Send(text) => self.out.push_back(Out::Text(text)),
                Effect::Ping => self.out.push_back(Out::Ping),
                Effect::Call(call) => self.running = Some(self.call(call)),
                Effect::Close(code, detail) => {
                    Metrics::closed(code);
                    self.close();
                    self.out.push_back(Out::Close(code, detail));
                }
                Effect::Refused(word) => Metrics::error(word),
                Effect::Fix { shown } => self.gateway().metrics.fix(shown),
                Effect::Gap => self.gateway().metrics.gaps.increment(1),
            }
        }
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Admitted(Ok((caller, used))) => self.input(Input::Admitted(caller, used)),
            Answer::Admitted(Err((code, detail))) => self.input(Input::Refused(code, detail)),
            Answer::Renewed(answer) => self.input(Input::Renewed(answer)),
            Answer::Circle(answer) => self.input(Input::Circle(answer)),
            Answer::Watching(answer) => {
                self.session.set_epoch(self.gateway().live.epoch());
                // What was read is in the view before the session tells it.
                self.take_news();
                self.input(Input::Watching(answer));
            }
            Answer::Reread(answer) => {
                self.session.set_epoch(self.gateway().live.epoch());
                self.take_news();
                self.input(Input::Reread(answer));
            }
            Answer::Announced(answer) => self.input(Input::Announced(answer)),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let hub = self.gateway().hub.clone();
        for cell in self.cells.drain(..).flatten() {
            hub.unwatch(&cell, &self.seat.mailbox);
        }
    }
}
