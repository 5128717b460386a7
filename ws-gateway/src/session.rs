//! One connection as a state machine: time and input in, effects out. No socket, no lock, no clock of its own.

mod budget;
mod circle;
mod deadlines;
mod effect;
mod fixes;
mod stale;
mod telling;

use std::sync::Arc;

use api::Caller;
use model::{Metres, Moment, Monotonic, UserId};

use crate::config::Config;
use crate::hint::Hints;
use crate::intake::Intake;
use crate::mailbox::Calls;
use crate::pace::Pace;
use crate::protocol::reply::{self, Reply};
use crate::protocol::request;
use crate::protocol::{CloseCode, ErrorWord, Fault, Request};
use crate::record::{Presence, Record};
use crate::view::{SELF_SLOT, View};
use budget::Budget;
pub(crate) use budget::FixesUsed;
pub(crate) use effect::{Call, Effect, Input, Pulled};
use fixes::Announcing;
use stale::Stale;

/// How long to wait before a failed reading of the friends is tried again.
const RETRY_MS: u64 = 1_000;

/// The state of one connection.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent things that are due, each told once"
)]
pub(crate) struct Session {
    config: Arc<Config>,
    id: String,
    epoch: String,
    phase: Phase,
    caller: Option<Caller>,
    radius: Metres,
    view: View,
    intake: Intake,
    hints: Hints,
    pub(crate) pace: Pace,
    budget: Budget,
    errors: u32,
    last_read: Monotonic,
    pinged: bool,
    /// A fix, `keep` or `sign_off` on its way to the position store.
    announcing: Option<Announcing>,
    /// Nothing of friends may be told until what the view holds is known to be right again.
    stale: Stale,
    snapshot_due: bool,
    /// A gap is to be told.
    gap_due: bool,
    /// It is to be, or was, and nothing of the snapshot after it.
    gap_told: bool,
    radius_told: bool,
    unlocated_due: bool,
    /// The client's own position was set by another connection, and it hasn't been told.
    position_due: bool,
    hint_due: bool,
    /// The `ping` to answer once everything is told.
    pong: Option<u64>,
    drain: Drain,
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

#[derive(Default)]
struct Drain {
    announced: bool,
    closes_at: Option<Monotonic>,
}

impl Session {
    pub(crate) fn new(config: Arc<Config>, id: String, epoch: String, now: Moment) -> Self {
        let deadline = now.monotonic.plus_ms(config.auth_timeout_ms);
        // Nobody is near until the user's own radius is known.
        let radius = Metres(0.0);
        Self {
            id,
            epoch,
            phase: Phase::Anonymous { deadline },
            caller: None,
            radius,
            view: View::new(radius),
            intake: Intake::default(),
            hints: Hints::new(config.ttl_ms),
            pace: Pace::new(&config),
            budget: Budget::new(&config),
            errors: 0,
            last_read: now.monotonic,
            pinged: false,
            announcing: None,
            stale: Stale::default(),
            snapshot_due: false,
            gap_due: false,
            gap_told: false,
            radius_told: true,
            unlocated_due: false,
            position_due: false,
            hint_due: false,
            pong: None,
            drain: Drain::default(),
            config,
        }
    }

    /// Takes one input in; what follows from it is appended to `effects`, to be carried out in order.
    pub(crate) fn step(&mut self, now: Moment, input: Input<'_>, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        match input {
            Input::Text(text) => self.text(now, text, effects),
            Input::Control(bytes) => {
                self.spend(now, bytes, effects);
            }
            Input::Binary(bytes) => {
                if self.spend(now, bytes, effects) {
                    self.close(CloseCode::UnsupportedData, "messages are JSON text", effects);
                }
            }
            Input::Admitted(caller, used) => self.admitted(caller, used, effects),
            Input::Refused(code, detail) => self.close(code, &detail, effects),
            Input::Renewed(answer) => self.renewed(answer, effects),
            Input::Circle(answer) => self.circle(now, answer, effects),
            Input::Watching(answer) => self.watching(now, &answer),
            Input::Reread(answer) => self.reread(now, &answer),
            Input::Announced(answer) => self.announced(&answer, effects),
            Input::News(slot, record) => self.news(slot, record),
            Input::Calls(calls, drain_in_ms) => self.calls(now, calls, drain_in_ms, effects),
        }
    }

    /// The name of what the position store remembers; it changes when positions may have been lost.
    pub(crate) fn set_epoch(&mut self, epoch: String) {
        self.epoch = epoch;
    }

    /// The client's user, once known.
    pub(crate) fn user(&self) -> Option<&UserId> {
        self.caller.as_ref().map(|caller| &caller.user)
    }

    /// Whether the client's next message may be taken in: not while an answer that must come first is owed.
    pub(crate) fn takes_input(&self) -> bool {
        self.pong.is_none()
    }

    /// Counts what was read against the limits; `false` if it broke one and the session closes.
    fn spend(&mut self, now: Moment, bytes: usize, effects: &mut Vec<Effect>) -> bool {
        self.last_read = now.monotonic;
        self.pinged = false;
        if self.budget.message(now.monotonic, bytes) {
            return true;
        }
        self.close(CloseCode::RateLimited, "more messages or bytes than allowed", effects);
        false
    }

    fn text(&mut self, now: Moment, text: &str, effects: &mut Vec<Effect>) {
        if !self.spend(now, text.len(), effects) {
            return;
        }
        match request::parse(text, self.config.batch_fixes_max) {
            Err(fault) => self.refuse(&fault, effects),
            Ok(request) if matches!(self.phase, Phase::Anonymous { .. }) => {
                self.first(request, effects);
            }
            Ok(request) => self.request(now, request, effects),
        }
    }

    fn first(&mut self, request: Request, effects: &mut Vec<Effect>) {
        if let Request::Auth(token) = request {
            effects.push(Effect::Call(Call::Admit(token)));
            return;
        }
        let fault = Fault::new(ErrorWord::NotAuthenticated, "the first message must be auth");
        self.refuse(&fault, effects);
        self.close(CloseCode::Unauthenticated, &fault.detail, effects);
    }

    fn request(&mut self, now: Moment, request: Request, effects: &mut Vec<Effect>) {
        match request {
            Request::Auth(_) => {
                let detail = "this session has a user already; a newer token goes into renew";
                self.refuse(&Fault::new(ErrorWord::AlreadyAuthenticated, detail), effects);
            }
            Request::Renew(token) => effects.push(Effect::Call(Call::Renew(token))),
            Request::Fixes { device, fixes } => self.fixes(now, device, &fixes, effects),
            Request::Keep { device } => self.keep(now, device, effects),
            Request::SignOff { device } => self.sign_off(now, device, effects),
            Request::Ping { id } => self.pong = Some(id),
        }
    }

    fn refuse(&mut self, fault: &Fault, effects: &mut Vec<Effect>) {
        self.refuse_with(fault.word, reply::error(fault), effects);
    }

    fn refuse_with(&mut self, word: ErrorWord, encoded: String, effects: &mut Vec<Effect>) {
        effects.push(Effect::Refused(word));
        effects.push(Effect::Send(encoded));
        // Who sends too much has made no mistake; it may even have been another device of the user.
        self.errors += u32::from(word != ErrorWord::RateLimited);
        if self.errors > self.config.errors_max {
            self.close(CloseCode::BadMessages, "too many erroneous messages", effects);
        }
    }

    fn close(&mut self, code: CloseCode, detail: &str, effects: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Closed;
            effects.push(Effect::Close(code, detail.to_owned()));
        }
    }

    fn admitted(&mut self, caller: Caller, used: FixesUsed, effects: &mut Vec<Effect>) {
        self.budget.share_fixes(used);
        self.caller = Some(caller);
        self.phase = Phase::Opening { welcomed: false };
        self.stale.read_circle(effects);
    }

    fn renewed(&mut self, answer: Result<Caller, String>, effects: &mut Vec<Effect>) {
        let refusal = match (&self.caller, answer) {
            (Some(held), Ok(new)) if held.user == new.user && new.expires > held.expires => {
                let token_expires_ms = new.expires.0;
                self.caller = Some(new);
                effects.push(Effect::Send(Reply::Renewed { token_expires_ms }.encode()));
                return;
            }
            (Some(held), Ok(new)) if held.user == new.user => {
                "this token doesn't hold longer than the one before".to_owned()
            }
            (_, Ok(_)) => "this token is of another user".to_owned(),
            (_, Err(detail)) => detail,
        };
        self.refuse(&Fault::new(ErrorWord::InvalidToken, refusal), effects);
    }

    fn news(&mut self, slot: u32, record: Option<Arc<Record>>) {
        let was_located = self.view.located();
        let signed_off = record.as_ref().is_some_and(|r| matches!(r.presence, Presence::Gone));
        let from_elsewhere = record.as_ref().is_some_and(|r| !self.intake.knows(&r.version.device));
        self.view.set_record(slot, record);
        if slot == SELF_SLOT && was_located && !self.view.located() && !signed_off {
            self.unlocated_due = true;
        }
        if slot == SELF_SLOT {
            self.position_due = from_elsewhere && self.view.located();
        }
    }

    fn calls(&mut self, now: Moment, calls: Calls, drain_in_ms: u64, effects: &mut Vec<Effect>) {
        if calls.drain && self.drain.closes_at.is_none() {
            self.drain.closes_at = Some(now.monotonic.plus_ms(drain_in_ms));
        }
        if calls.timer {
            self.deadlines(now, effects);
        }
        if !matches!(self.phase, Phase::Opening { .. } | Phase::Live) {
            return;
        }
        let retry = self.stale.retry_at.is_some_and(|at| now.monotonic >= at);
        if retry {
            self.stale.retry_at = None;
        }
        if calls.gap {
            self.gap(effects);
        }
        if calls.circle || (retry && self.stale.circle_failed) {
            self.stale.read_circle(effects);
        }
        if retry && self.stale.positions_failed {
            self.stale.reread(effects);
        }
    }
}

#[cfg(test)]
mod tests;
