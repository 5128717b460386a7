//! When a session has to be looked at although nothing happened, and what is then due.

use model::{Moment, Monotonic};

use crate::session::messages::CloseCode;
use crate::session::{Effect, Phase, Session};

impl Session {
    pub(in crate::session) fn deadlines(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let past = |at: Option<Monotonic>| at.is_some_and(|at| now.monotonic >= at);
        if past(self.slow_consumer.close_at()) {
            return self.close(CloseCode::SlowClient, "nothing could be written", effects);
        }
        if past(self.closes_at) {
            return self.close(CloseCode::Restarting, "this server is going away", effects);
        }
        if past(self.key_ends_at) {
            let detail = "the issuer has removed the key of this token";
            return self.close(CloseCode::TokenExpired, detail, effects);
        }
        if let Phase::Anonymous { deadline } = self.phase
            && past(Some(deadline))
        {
            return self.close(CloseCode::AuthTimeout, "no auth in time", effects);
        }
        let ping_at = self.last_read.plus_ms(self.limits.ping_interval_ms);
        if past(Some(ping_at.plus_ms(self.limits.ping_grace_ms))) {
            return self.close(CloseCode::Unresponsive, "nothing was read for too long", effects);
        }
        if past(Some(ping_at)) && !self.pinged {
            self.pinged = true;
            effects.push(Effect::Ping);
        }
        self.waiting_acks.give_up_late(now.monotonic, effects);
    }

    /// When [`crate::session::signals::Signals::timer`] should be given next.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Monotonic> {
        let ping_at = self.last_read.plus_ms(self.limits.ping_interval_ms);
        let unresponsive_at = ping_at.plus_ms(self.limits.ping_grace_ms);
        let auth_at = match self.phase {
            Phase::Closed => return None,
            Phase::Anonymous { deadline } => Some(deadline),
            Phase::Opening { .. } | Phase::Live => None,
        };
        let token_at = self.caller.as_ref().map(|caller| {
            let left_ms = (caller.expires - now.wall).max(0) as u64;
            // Looked at again within a minute: the wall clock may be set meanwhile.
            now.monotonic.plus_ms(left_ms.min(60_000))
        });
        [
            Some(if self.pinged { unresponsive_at } else { ping_at }),
            auth_at,
            token_at,
            self.next_telling(now),
            self.slow_consumer.close_at(),
            self.closes_at,
            self.key_ends_at,
            self.reads.next_retry(),
            self.boards.next_look(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
