//! What a client says, one message at a time.

use model::{Caller, Moment, RetryAfterMs};

use super::fixes::{Sent, seqs_of};
use super::limits::budget::{Excess, Spent};
use super::messages::{BoardEnd, CloseCode, ErrorWord, Rejection, Reply, Request};
use super::outbound::due::Due;
use super::{Call, Effect, Phase, Session};

impl Session {
    /// Counts what was read against the limits; closes the session if it is too much for good.
    pub(super) fn spend(
        &mut self,
        now: Moment,
        bytes: usize,
        excess: Excess,
        effects: &mut Vec<Effect>,
    ) -> Spent {
        self.last_read = now.monotonic;
        self.pinged = false;
        let spent = self.budget.message(now.monotonic, bytes, excess);
        let is_anonymous = matches!(self.phase, Phase::Anonymous { .. });
        match spent {
            Spent::Within => return spent,
            Spent::Beyond(_) if !is_anonymous => return spent,
            Spent::Beyond(_) | Spent::Flood => {}
        }
        self.close(CloseCode::RateLimited, "more messages or bytes than allowed", effects);
        Spent::Flood
    }

    pub(super) fn text(
        &mut self,
        now: Moment,
        (bytes, request): (usize, Result<Request, Rejection>),
        fixes_used: &mut u64,
        effects: &mut Vec<Effect>,
    ) {
        let excess = match &request {
            Ok(Request::Fixes { .. }) => Excess::Fixes,
            _ => Excess::Other,
        };
        match self.spend(now, bytes, excess, effects) {
            Spent::Within => {}
            Spent::Beyond(retry) => return self.postpone(request, retry, effects),
            Spent::Flood => return,
        }
        match request {
            Err(rejection) => self.refuse(rejection, effects),
            Ok(request) if matches!(self.phase, Phase::Anonymous { .. }) => {
                self.first(request, effects);
            }
            Ok(request) => self.request(now, request, fixes_used, effects),
        }
    }

    /// Says when a message is to be sent again that is beyond the limits.
    fn postpone(
        &mut self,
        request: Result<Request, Rejection>,
        RetryAfterMs(retry_after_ms): RetryAfterMs,
        effects: &mut Vec<Effect>,
    ) {
        let (device, seq) = match request {
            Ok(Request::Fixes { device, fixes, last_seq, .. }) => {
                let used = self.device_seqs.used(&device);
                self.device_seqs.came_to_nothing(&device, used, seqs_of(&fixes, last_seq).0);
                (Some(device), Some(last_seq))
            }
            Ok(Request::Keep { device } | Request::SignOff { device }) => (Some(device), None),
            Ok(_) => (None, None),
            Err(rejection) => (rejection.device, rejection.seq),
        };
        let detail = "more messages or bytes than allowed; send several fixes in one message";
        let rejection = Rejection::new(ErrorWord::RateLimited, detail);
        let retry_after_ms = Some(retry_after_ms);
        self.refuse(Rejection { device, seq, retry_after_ms, ..rejection }, effects);
    }

    fn first(&mut self, request: Request, effects: &mut Vec<Effect>) {
        if let Request::Auth(token) = request {
            effects.push(Effect::Call(Call::Admit(token)));
            return;
        }
        let detail = "the first message must be auth";
        self.refuse(Rejection::new(ErrorWord::NotAuthenticated, detail), effects);
        self.close(CloseCode::Unauthenticated, detail, effects);
    }

    fn request(
        &mut self,
        now: Moment,
        request: Request,
        fixes_used: &mut u64,
        effects: &mut Vec<Effect>,
    ) {
        match request {
            Request::Auth(_) => {
                let detail = "this session has a user already; a newer token goes into renew";
                self.refuse(Rejection::new(ErrorWord::AlreadyAuthenticated, detail), effects);
            }
            Request::Renew(token) => effects.push(Effect::Call(Call::Renew(token))),
            Request::Fixes { device, fixes, refused, last_seq, .. } => {
                let sent = Sent { device, fixes, refused, last_seq };
                self.fixes(now, sent, fixes_used, effects);
            }
            Request::Keep { device } => self.keep(now, device, effects),
            Request::SignOff { device } => self.sign_off(now, device, effects),
            Request::WatchBoard { board, shape } => {
                let watched = self.boards.watch(now, board, shape, self.limits.boards_max);
                if let Err(rejection) = watched {
                    self.refuse(rejection, effects);
                }
            }
            Request::UnwatchBoard { board } => {
                self.boards.unwatch(&board);
                let reason = BoardEnd::Unwatched;
                effects.push(Effect::Send(Reply::BoardClosed { board, reason }));
            }
            Request::Ping { id } => {
                self.ping = id;
                self.due.insert(Due::Pong);
            }
        }
    }

    pub(super) fn refuse(&mut self, rejection: Rejection, effects: &mut Vec<Effect>) {
        let word = rejection.word;
        effects.push(Effect::Send(Reply::Error(Box::new(rejection))));
        self.errors += u32::from(word.is_of_the_client());
        if self.errors > self.limits.errors_max {
            self.close(CloseCode::BadMessages, "too many erroneous messages", effects);
        }
    }

    pub(super) fn renewed(&mut self, answer: Result<Caller, Rejection>, effects: &mut Vec<Effect>) {
        let refusal = match (&self.caller, answer) {
            (Some(held), Ok(new)) if held.user == new.user && new.expires > held.expires => {
                let token_expires = new.expires;
                self.caller = Some(new);
                self.key_ends_at = None;
                effects.push(Effect::Send(Reply::Renewed { token_expires }));
                return;
            }
            (Some(held), Ok(new)) if held.user == new.user => {
                "this token doesn't hold longer than the one before".to_owned()
            }
            (_, Ok(_)) => "this token is of another user".to_owned(),
            (_, Err(rejection)) => return self.refuse(rejection, effects),
        };
        self.refuse(Rejection::new(ErrorWord::InvalidToken, refusal), effects);
    }
}
