//! Whom the session may see: their list, their channels, and what follows when something may have been missed.

use model::Moment;

use super::{Call, Effect, Phase, RETRY_MS, Session};
use crate::friends::Circle;
use crate::port;
use crate::protocol::CloseCode;
use crate::protocol::reply::{Limits, Reply, Welcome};
use crate::view::SELF_SLOT;

impl Session {
    pub(super) fn circle(
        &mut self,
        now: Moment,
        answer: Result<Circle, port::Error>,
        effects: &mut Vec<Effect>,
    ) {
        self.stale.circle_reads -= 1;
        let welcome = matches!(self.phase, Phase::Opening { welcomed: false });
        let Ok(circle) = answer else {
            if welcome {
                return self.close(CloseCode::TryAgainLater, "friends can't be read now", effects);
            }
            self.stale.circle_failed = true;
            self.stale.retry_at = Some(now.monotonic.plus_ms(RETRY_MS));
            return;
        };
        self.stale.circle_failed = false;
        if circle.radius != self.radius {
            self.radius = circle.radius;
            self.radius_told = welcome;
            self.view.set_radius(circle.radius);
        }
        let (mut added, removed) = self.view.set_friends(&circle.friends);
        if welcome {
            self.phase = Phase::Opening { welcomed: true };
            effects.push(Effect::Send(self.welcome(now)));
            added.extend(self.user().map(|user| (user.clone(), SELF_SLOT)));
        }
        if !added.is_empty() || !removed.is_empty() {
            effects.push(Effect::Call(Call::Watch { added, removed }));
        }
    }

    fn welcome(&self, now: Moment) -> String {
        let config = &self.config;
        let caller = self.caller.as_ref();
        let welcome = Welcome {
            user: caller.map_or("", |c| c.user.as_str()),
            session: &self.id,
            epoch: &self.epoch,
            time_ms: now.wall.0,
            ttl_ms: config.ttl_ms,
            radius_m: self.radius.0,
            tick_ms: config.tick_ms,
            ping_interval_ms: config.ping_interval_ms,
            token_expires_ms: caller.map_or(0, |c| c.expires.0),
            limits: Limits {
                message_bytes: config.message_bytes_max,
                batch_fixes: config.batch_fixes_max,
                fixes_per_s: config.fixes_per_s,
                fixes_burst: config.fixes_burst,
                bytes_per_s: config.bytes_per_s,
            },
            hint: self.hints.given().into(),
        };
        Reply::Welcome(Box::new(welcome)).encode()
    }

    /// The channels asked for are subscribed, and their positions are in the view.
    pub(super) fn watching(&mut self, now: Moment, answer: &Result<(), port::Error>) {
        if answer.is_err() {
            self.positions_unread(now);
        } else if matches!(self.phase, Phase::Opening { .. }) {
            self.start_over();
        }
    }

    /// All positions were read again.
    pub(super) fn reread(&mut self, now: Moment, answer: &Result<(), port::Error>) {
        self.stale.rereads -= 1;
        if answer.is_err() {
            return self.positions_unread(now);
        }
        self.stale.positions_failed = false;
        self.start_over();
    }

    /// Something may have been missed; what the view holds is the newest again.
    pub(super) fn gap(&mut self, effects: &mut Vec<Effect>) {
        // Whoever isn't live yet gets its first snapshot anyway.
        if matches!(self.phase, Phase::Live) {
            // Told once, however often it happens before the snapshot.
            if !std::mem::replace(&mut self.gap_told, true) {
                effects.push(Effect::Gap);
                // Not an effect: that would wait behind a call under way, and the snapshot pass it.
                self.gap_due = true;
            }
            self.start_over();
        }
    }

    fn positions_unread(&mut self, now: Moment) {
        self.stale.positions_failed = true;
        self.stale.retry_at = Some(now.monotonic.plus_ms(RETRY_MS));
    }

    fn start_over(&mut self) {
        self.phase = Phase::Live;
        self.snapshot_due = true;
        self.view.start_over();
    }
}
