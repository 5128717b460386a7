//! One connection as a state machine: time and input in, effects out. No socket, no lock, no clock of its own.

pub(crate) mod boards;
pub(crate) mod circle;
mod effect;
pub(crate) mod fixes;
pub(crate) mod friends;
mod inbound;
pub(crate) mod limits;
pub(crate) mod messages;
pub(crate) mod outbound;
mod reads;
pub(crate) mod record;
pub(crate) mod seam;
pub(crate) mod signals;
pub(crate) mod view;

use std::sync::Arc;

use model::{Caller, Metres, Moment, Monotonic, UserId};

use boards::{BoardRead, Boards, WatchId};
use circle::CircleLog;
pub(crate) use effect::{Call, Effect, Input, Unavailable};
use fixes::Announcing;
use fixes::history::WaitingAcks;
use fixes::validation::DeviceSeqs;
use friends::people::Relations;
use limits::Limits;
use limits::budget::{Budget, Excess, Spent};
use messages::CloseCode;
use outbound::due::{Due, DueSet};
use outbound::reporting_hint::GivenHint;
use outbound::slow_consumer::SlowConsumer;
pub(crate) use reads::Read;
use reads::Reads;
use record::{Presence, Record};
use view::{SELF_SLOT, View};

/// The state of one connection.
pub(crate) struct Session {
    limits: Arc<Limits>,
    id: String,
    epoch: String,
    phase: Phase,
    caller: Option<Caller>,
    radius: Metres,
    view: View,
    device_seqs: DeviceSeqs,
    given_hint: GivenHint,
    pub(crate) slow_consumer: SlowConsumer,
    budget: Budget,
    errors: u32,
    last_read: Monotonic,
    pinged: bool,
    /// A fix, `keep` or `sign_off` on its way to the position store.
    announcing: Option<Announcing>,
    waiting_acks: WaitingAcks,
    circle: CircleLog,
    reads: Reads,
    relations: Relations,
    boards: Boards,
    /// What the client is to be told.
    due: DueSet,
    /// Something may be to be read or told of names or relations. Mostly not, and then nothing of them is looked at.
    people_stir: bool,
    /// A gap is due or was told, and nothing yet of the snapshot after it.
    gap_stands: bool,
    /// The `ping` to answer if a pong is due.
    ping: u64,
    /// When this session ends because the server goes away.
    closes_at: Option<Monotonic>,
    /// When it ends because the key was removed by which its token is valid.
    key_ends_at: Option<Monotonic>,
}

enum Phase {
    /// Nobody yet; to be closed at the deadline.
    Anonymous { deadline: Monotonic },
    /// Known, and its friends are being looked up.
    Opening { welcomed: bool },
    /// Fully there.
    Live,
    /// A close was ordered; nothing matters any more.
    Closed,
}

impl Session {
    /// `spread` tells sessions apart that do the same at the same time; any number.
    pub(crate) fn new(
        limits: Arc<Limits>,
        id: String,
        epoch: String,
        spread: u64,
        now: Moment,
    ) -> Self {
        let deadline = now.monotonic.plus_ms(limits.auth_timeout_ms);
        // Nobody is near until the user's own radius is known.
        let radius = Metres(0.0);
        Self {
            id,
            epoch,
            phase: Phase::Anonymous { deadline },
            caller: None,
            radius,
            view: View::new(radius),
            device_seqs: DeviceSeqs::default(),
            given_hint: GivenHint::new(limits.ttl_ms),
            slow_consumer: SlowConsumer::new(&limits),
            budget: Budget::new(&limits),
            errors: 0,
            last_read: now.monotonic,
            pinged: false,
            announcing: None,
            waiting_acks: WaitingAcks::default(),
            circle: CircleLog::default(),
            reads: Reads::new(spread),
            relations: Relations::default(),
            boards: Boards::default(),
            due: DueSet::default(),
            people_stir: false,
            gap_stands: false,
            ping: 0,
            closes_at: None,
            key_ends_at: None,
            limits,
        }
    }

    /// Takes one input in; what follows from it is appended to `effects`, to be carried out in order.
    pub(crate) fn step(&mut self, now: Moment, input: Input<'_>, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if self.token_is_over(now) {
            return self.close(CloseCode::TokenExpired, "the token has expired", effects);
        }
        match input {
            Input::Text { bytes, request, fixes_used } => {
                self.text(now, (bytes, request), fixes_used, effects);
            }
            Input::Control(bytes) => {
                self.spend(now, bytes, Excess::Other, effects);
            }
            Input::Binary(bytes) => {
                if self.spend(now, bytes, Excess::Other, effects) != Spent::Flood {
                    self.close(CloseCode::UnsupportedData, "messages are JSON text", effects);
                }
            }
            Input::Admitted(caller) => self.admitted(caller),
            Input::Refused(code, detail) => self.close(code, &detail, effects),
            Input::Renewed(answer) => self.renewed(answer, effects),
            Input::Circle(answer) => self.circle(now, answer, effects),
            Input::Positions(answer) => self.positions(now, answer.is_ok()),
            Input::People(asked, answer) => self.people(now, asked, answer),
            Input::Announced(answer) => self.announced(now, answer, effects),
            Input::Kept(kept) => self.waiting_acks.answered(kept, effects),
            Input::BoardChanged(watch) => {
                self.boards.changed(now, watch, self.slow_consumer.interval_ms());
            }
            Input::Board(watch, answer) => self.boards.read(now, watch, answer),
            Input::News(slot, record) => self.news(slot, record),
            Input::Signals(signals, in_ms) => self.signals(now, &signals, in_ms, effects),
        }
    }

    /// The name of what the position store remembers; it changes when positions may have been lost.
    pub(crate) fn set_epoch(&mut self, epoch: String) {
        self.epoch = epoch;
    }

    /// What the client was told that this session is called; names nobody.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Who the client is, once known.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The client's user, once known.
    pub(crate) fn user(&self) -> Option<&UserId> {
        self.caller.as_ref().map(|caller| &caller.user)
    }

    /// From then on nothing is taken in and nothing told; that closes the connection once its task has its turn.
    fn token_is_over(&self, now: Moment) -> bool {
        self.caller.as_ref().is_some_and(|caller| now.wall >= caller.expires)
    }

    /// Whether the client's next message may be taken in: not while an answer that must come first is owed. While things
    /// have to be read that may take long, as when a server is away, the client is read all the same: of several pings
    /// only the newest is answered then.
    pub(crate) fn takes_input(&self) -> bool {
        match self.phase {
            Phase::Opening { welcomed: false } => false,
            Phase::Opening { welcomed: true } => true,
            _ => !self.due.contains(Due::Pong) || !self.reads.are_settled(),
        }
    }

    /// What is to be read next, if anything can be.
    pub(crate) fn next_read(&mut self, now: Moment) -> Option<Read> {
        match self.phase {
            Phase::Anonymous { .. } | Phase::Closed => None,
            Phase::Opening { .. } | Phase::Live => {
                if self.wants_people(now) {
                    self.reads.want_people();
                }
                self.reads.next(now.monotonic)
            }
        }
    }

    /// Which board is to be looked at next, if any can be.
    pub(crate) fn next_board(&mut self, now: Moment) -> Option<BoardRead> {
        matches!(self.phase, Phase::Live).then(|| self.boards.next_read(now)).flatten()
    }

    /// Whether this watching of a board goes on.
    pub(crate) fn watches_board(&self, watch: WatchId) -> bool {
        self.boards.has(watch)
    }

    /// Whether changes of a board are to be heard: not of one that is to be looked at anyway.
    pub(crate) fn hears_board(&self, watch: WatchId) -> bool {
        self.boards.is_known(watch)
    }

    /// Who isn't watched yet, with the slot to watch them under; from here on they count as watched.
    pub(crate) fn take_unwatched(&mut self) -> Vec<(UserId, u32)> {
        self.view.take_unwatched()
    }

    /// Nothing reports under these slots any more.
    pub(crate) fn released(&mut self, slots: &[u32]) {
        self.view.released(slots);
    }

    fn close(&mut self, code: CloseCode, detail: &str, effects: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Closed;
            effects.push(Effect::Close(code, detail.to_owned()));
        }
    }

    fn admitted(&mut self, caller: Caller) {
        // First their own channel, on which changes of the circle come; only then the circle, so that none is missed.
        self.view.watch_self(&caller.user);
        self.reads.want_positions();
        self.caller = Some(caller);
        self.phase = Phase::Opening { welcomed: false };
    }

    fn news(&mut self, slot: u32, record: Option<Arc<Record>>) {
        if slot != SELF_SLOT {
            return self.view.set_record(slot, record);
        }
        let was_located = self.view.located();
        let signed_off = record.as_ref().is_some_and(|r| matches!(r.presence, Presence::Gone));
        let from_elsewhere =
            record.as_ref().is_some_and(|r| !self.device_seqs.knows(&r.version.device));
        self.view.set_record(slot, record);
        if was_located && !self.view.located() && !signed_off {
            self.due.insert(Due::Unlocated);
        }
        self.due.set(Due::Position, from_elsewhere && self.view.located());
    }
}

#[cfg(test)]
mod tests;
