//! What a phone says of itself: fixes, `keep`, `sign_off`.

pub(crate) mod validation;

use std::sync::Arc;

use model::{DeviceId, Moment, Timestamp, Version};

use super::{Effect, Session, effect::Call};
use crate::live::{self, Channel, Written};
use crate::protocol::reply::{self, Reply};
use crate::protocol::request::SentFix;
use crate::protocol::{ErrorWord, Fault};
use crate::session::record::{Presence, Record, Sighting};
use validation::{DEVICES_MAX, Timing, Unshown};

/// What the answer will be about, once the position store has answered.
pub(super) enum Announcing {
    /// `before` was the device's last `seq` before this one.
    Fix {
        device: DeviceId,
        seq: u64,
        before: Option<u64>,
    },
    Keep {
        device: DeviceId,
    },
    SignOff {
        device: DeviceId,
    },
}

impl Session {
    pub(super) fn fixes(
        &mut self,
        now: Moment,
        device: DeviceId,
        fixes: &[SentFix],
        effects: &mut Vec<Effect>,
    ) {
        let Some(last) = fixes.last() else { return };
        if !self.admits(&device, effects) {
            return;
        }
        if let Err(retry) = self.budget.fixes(now.monotonic, fixes.len()) {
            let limit = self.config.fixes_per_s;
            let detail = format!("more than {limit} fixes per second");
            let which = Some((device.as_str(), last.seq));
            let text = reply::refusal(ErrorWord::RateLimited, &detail, which, Some(retry.0));
            return self.refuse_with(ErrorWord::RateLimited, text, effects);
        }
        let before = self.intake.last(&device);
        let mut newest: Option<(Timing, &SentFix)> = None;
        let mut reason = Unshown::Repeated;
        for fix in fixes {
            if !self.intake.advance(&device, fix.seq) {
                continue;
            }
            match validation::time(fix.time.map(|t| t.0), now, self.config.ttl_ms) {
                Ok(timing) if newest.is_none_or(|(held, _)| timing.effective >= held.effective) => {
                    newest = Some((timing, fix));
                }
                Ok(_) => {}
                Err(unshown) => reason = unshown,
            }
        }
        let seq = last.seq;
        let Some((timing, fix)) = newest else {
            return acknowledge(&device, seq, Some(reason), effects);
        };
        let effective = self.after_sign_off(timing.effective, now);
        let version = Version { effective, device: device.clone(), seq: fix.seq };
        self.announcing = Some(Announcing::Fix { device, seq, before });
        let sent = fixes.len() as u32;
        self.announce(now, version, Presence::Here(fix.fix), (timing.expires, sent), effects);
    }

    pub(super) fn keep(&mut self, now: Moment, device: DeviceId, effects: &mut Vec<Effect>) {
        if !self.admits(&device, effects) {
            return;
        }
        let here = self.view.own_record().filter(|r| r.ecef().is_some()).cloned();
        let Some(record) = here else {
            let reply = Reply::Kept { device: device.as_str(), located: false };
            return effects.push(Effect::Send(reply.encode()));
        };
        let expires = now.monotonic.plus_ms(self.config.ttl_ms);
        let channel = Channel::precise(record.user.clone());
        self.announcing = Some(Announcing::Keep { device });
        effects.push(Effect::Call(Call::Announce(channel, Sighting { record, expires }, 0)));
    }

    pub(super) fn sign_off(&mut self, now: Moment, device: DeviceId, effects: &mut Vec<Effect>) {
        if !self.admits(&device, effects) {
            return;
        }
        // Newer than whatever is shown, even if that came from a phone whose clock is ahead.
        let after_shown = self.view.own_record().map(|r| r.version.effective.plus_ms(1));
        let effective = after_shown.map_or(now.wall, |after| after.max(now.wall));
        let expires = now.monotonic.plus_ms(self.config.ttl_ms);
        let version = Version { effective, device: device.clone(), seq: 0 };
        self.announcing = Some(Announcing::SignOff { device });
        self.announce(now, version, Presence::Gone, (expires, 0), effects);
    }

    /// A fix that is timed by its receipt comes after a sign-off that was received before it, though that may be ahead
    /// of the clock: it had to be newer than a position of a phone whose clock is.
    fn after_sign_off(&self, effective: Timestamp, now: Moment) -> Timestamp {
        let gone = self.view.own_record().filter(|r| matches!(r.presence, Presence::Gone));
        match gone {
            Some(gone) if effective == now.wall => effective.max(gone.version.effective.plus_ms(1)),
            _ => effective,
        }
    }

    fn admits(&mut self, device: &DeviceId, effects: &mut Vec<Effect>) -> bool {
        let admitted = self.intake.admits(device);
        if !admitted {
            let detail = format!("at most {DEVICES_MAX} devices on one connection");
            self.refuse(&Fault::new(ErrorWord::InvalidMessage, detail), effects);
        }
        admitted
    }

    fn announce(
        &mut self,
        now: Moment,
        version: Version,
        presence: Presence,
        (expires, fixes): (model::Monotonic, u32),
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.user().cloned() else { return };
        let channel = Channel::precise(user.clone());
        let record = Arc::new(Record::new(user, version, presence, now.monotonic));
        let sighting = Sighting { record, expires };
        effects.push(Effect::Call(Call::Announce(channel, sighting, fixes)));
    }

    pub(super) fn announced(
        &mut self,
        answer: &Result<Written, live::Error>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(announcing) = self.announcing.take() else { return };
        let Ok(written) = answer else {
            if let Announcing::Fix { device, before, .. } = &announcing {
                self.intake.take_back(device, *before);
            }
            return effects.push(Effect::Send(unavailable(&announcing)));
        };
        if let Written::Limited { retry_after_ms } = *written {
            if let Announcing::Fix { device, seq, before } = &announcing {
                self.intake.take_back(device, *before);
                let detail = format!("more than {} fixes per second", self.config.fixes_per_s);
                let which = Some((device.as_str(), *seq));
                let word = ErrorWord::RateLimited;
                let text = reply::refusal(word, &detail, which, Some(retry_after_ms));
                self.refuse_with(word, text, effects);
            }
            return;
        }
        let reply = match &announcing {
            Announcing::Fix { device, seq, .. } => {
                let reason = (*written == Written::Older).then_some(Unshown::Older);
                return acknowledge(device, *seq, reason, effects);
            }
            Announcing::Keep { device } => Reply::Kept { device: device.as_str(), located: true },
            Announcing::SignOff { device } => Reply::SignedOff { device: device.as_str() },
        };
        effects.push(Effect::Send(reply.encode()));
    }
}

fn acknowledge(device: &DeviceId, seq: u64, unshown: Option<Unshown>, effects: &mut Vec<Effect>) {
    let shown = unshown.is_none();
    let ack = Reply::Ack {
        device: device.as_str(),
        seq,
        kept: if shown { "memory" } else { "none" },
        shown,
        reason: unshown.map(Unshown::as_str),
    };
    effects.push(Effect::Fix { shown });
    effects.push(Effect::Send(ack.encode()));
}

fn unavailable(announcing: &Announcing) -> String {
    let (device, seq) = match announcing {
        Announcing::Fix { device, seq, .. } => (device, Some(*seq)),
        Announcing::Keep { device } | Announcing::SignOff { device } => (device, None),
    };
    Reply::Error {
        error: ErrorWord::Unavailable.as_str(),
        detail: "positions can't be stored now",
        device: Some(device.as_str()),
        seq,
        retry_after_ms: Some(super::reads::RETRY_MS),
    }
    .encode()
}
