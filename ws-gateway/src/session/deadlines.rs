//! When a session has to be looked at although nothing happened, and what is then due.

use model::{Moment, Monotonic};

use super::messages::CloseCode;
use super::{Effect, Phase, Session};

impl Session {
    pub(super) fn deadlines(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let past = |at: Option<Monotonic>| at.is_some_and(|at| now.monotonic >= at);
        if past(self.pace.close_at()) {
            return self.close(CloseCode::SlowClient, "nothing could be written", effects);
        }
        if past(self.drain.closes_at) {
            return self.close(CloseCode::Restarting, "this server is going away", effects);
        }
        if let Phase::Anonymous { deadline } = self.phase
            && past(Some(deadline))
        {
            return self.close(CloseCode::AuthTimeout, "no auth in time", effects);
        }
        let ping_at = self.last_read.plus_ms(self.config.ping_interval_ms);
        if past(Some(ping_at.plus_ms(self.config.ping_grace_ms))) {
            return self.close(CloseCode::Unresponsive, "nothing was read for too long", effects);
        }
        if past(Some(ping_at)) && !self.pinged {
            self.pinged = true;
            effects.push(Effect::Ping);
        }
    }

    /// When [`super::signals::Signals::timer`] should be given next.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Monotonic> {
        let ping_at = self.last_read.plus_ms(self.config.ping_interval_ms);
        let unresponsive_at = ping_at.plus_ms(self.config.ping_grace_ms);
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
        let pending = self.view.has_pending() || self.position_due;
        let push_at = if pending { self.pace.next_push() } else { None };
        let hint_at = if self.hint_due { self.hints.next_change() } else { None };
        [
            Some(if self.pinged { unresponsive_at } else { ping_at }),
            auth_at,
            token_at,
            push_at,
            hint_at,
            self.pace.close_at(),
            self.drain.closes_at,
            self.reads.next_retry(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
