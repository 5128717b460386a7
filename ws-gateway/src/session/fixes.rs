//! What a phone says of itself: fixes, `keep`, `sign_off`.

pub(crate) mod history;
pub(crate) mod validation;

use std::sync::Arc;

use model::{DeviceId, Fix, Moment, Monotonic, RetryAfterMs, Timestamp, Version};

use super::messages::{ErrorWord, RefusedFix, Rejection, Reply, SentFix};
use super::record::{Channel, Presence, Record, Sighting, Written};
use super::{Call, Effect, Session, Unavailable};
use history::{Ack, HistoryFix, Points};
use validation::{DEVICES_MAX, Seqs, Timing, Turn, Unshown};

/// What the answer will be about, once the position store has answered.
pub(super) enum Announcing {
    /// `used` are the device's numbers before this message, and `seqs` its own; from `expires` on it isn't shown.
    Fix {
        device: DeviceId,
        seq: u64,
        used: Seqs,
        seqs: (u64, u64),
        count: usize,
        expires: Monotonic,
        points: Points,
        /// Those of its message that can't be taken.
        refused: Box<[RefusedFix]>,
    },
    Keep {
        device: DeviceId,
    },
    SignOff {
        device: DeviceId,
    },
}

/// One or more fixes of a message.
pub(super) struct Sent {
    pub(super) device: DeviceId,
    pub(super) fixes: Vec<SentFix>,
    pub(super) refused: Vec<RefusedFix>,
    pub(super) last_seq: u64,
}

impl Session {
    pub(super) fn fixes(
        &mut self,
        now: Moment,
        sent: Sent,
        used: &mut u64,
        effects: &mut Vec<Effect>,
    ) {
        let Sent { device, fixes, refused, last_seq: seq } = sent;
        if !self.admits(&device, Some(seq), effects) {
            return;
        }
        let count = fixes.len() + refused.len();
        let (used_seqs, seqs) = (self.device_seqs.used(&device), seqs_of(&fixes, seq));
        if let Err(retry) = self.budget.fixes(now.monotonic, count, used) {
            self.device_seqs.came_to_nothing(&device, used_seqs, seqs.0);
            let rejection = self.too_many_fixes(now, (device, seqs), count, retry);
            return self.refuse(rejection, effects);
        }
        let (newest, reason, mut points) = self.sort(now, &device, &fixes);
        let refused = refused.into_boxed_slice();
        let Some((timing, fix_seq, fix)) = newest else {
            let ack = Ack { device, seq, unshown: Some(reason), refused };
            return self.acknowledge(now.monotonic, ack, points, effects);
        };
        let effective = self.after_sign_off(timing.effective, now);
        let version = Version { effective, device: device.clone(), seq: fix_seq };
        let expires = timing.expires;
        if self.limits.keeps_history {
            points.add(point(now, version.clone(), fix, None));
        }
        let used = used_seqs;
        self.announcing =
            Some(Announcing::Fix { device, seq, used, seqs, count, expires, points, refused });
        self.announce(now, version, Presence::Here(fix), (expires, count as u32), effects);
    }

    /// Of the fixes of a message, the newest that may be shown, why none is if so, and what of the others is to be kept.
    fn sort(
        &mut self,
        now: Moment,
        device: &DeviceId,
        fixes: &[SentFix],
    ) -> (Option<(Timing, u64, Fix)>, Unshown, Points) {
        let mut newest: Option<(Timing, u64, Fix)> = None;
        let mut reason = if fixes.is_empty() { Unshown::Refused } else { Unshown::Repeated };
        let mut points = Points::default();
        for &SentFix { seq, time, fix } in fixes {
            let turn = self.device_seqs.advance(device, seq);
            if turn == Turn::Repeated {
                continue;
            }
            let Some(fix) = fix else {
                reason = Unshown::NoPosition;
                continue;
            };
            if turn == Turn::Late && time.is_none() {
                // When it was taken isn't known, only that a fix is known that was taken later.
                reason = Unshown::Older;
                if self.limits.keeps_history {
                    let version = Version { effective: now.wall, device: device.clone(), seq };
                    points.add(point(now, version, fix, Some(reason)));
                }
                continue;
            }
            let timing = validation::time(time.map(|t| t.0), now, self.limits.ttl_ms);
            let passed = match timing {
                Ok(timing)
                    if newest.is_none_or(|(held, ..)| timing.effective >= held.effective) =>
                {
                    newest.replace((timing, seq, fix))
                }
                Ok(timing) => Some((timing, seq, fix)),
                Err(unshown) => {
                    reason = unshown;
                    if let Some(time) = time.filter(|_| self.limits.keeps_history) {
                        let version = Version { effective: time, device: device.clone(), seq };
                        points.add_unbelievable(version, fix, now.wall, unshown);
                    }
                    None
                }
            };
            if let Some((timing, seq, fix)) = passed.filter(|_| self.limits.keeps_history) {
                let effective = timing.effective;
                let version = Version { effective, device: device.clone(), seq };
                points.add(point(now, version, fix, Some(Unshown::Older)));
            }
        }
        (newest, reason, points)
    }

    pub(super) fn keep(&mut self, now: Moment, device: DeviceId, effects: &mut Vec<Effect>) {
        if !self.admits(&device, None, effects) {
            return;
        }
        let here = self.view.own_record().filter(|r| r.ecef().is_some()).cloned();
        let Some(record) = here else {
            return effects.push(Effect::Send(Reply::Kept { device, located: false }));
        };
        let expires = now.monotonic.plus_ms(self.limits.ttl_ms);
        let channel = Channel::precise(record.user.clone());
        self.announcing = Some(Announcing::Keep { device });
        effects.push(Effect::Call(Call::Announce(channel, Sighting { record, expires }, 0)));
    }

    pub(super) fn sign_off(&mut self, now: Moment, device: DeviceId, effects: &mut Vec<Effect>) {
        if !self.admits(&device, None, effects) {
            return;
        }
        // Newer than whatever is shown, even if that came from a phone whose clock is ahead.
        let after_shown = self.view.own_record().map(|r| r.version.effective.plus_ms(1));
        let effective = after_shown.map_or(now.wall, |after| after.max(now.wall));
        let expires = now.monotonic.plus_ms(self.limits.ttl_ms);
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

    fn admits(&mut self, device: &DeviceId, seq: Option<u64>, effects: &mut Vec<Effect>) -> bool {
        let admitted = self.device_seqs.admits(device);
        if !admitted {
            let detail = format!("at most {DEVICES_MAX} devices on one connection");
            let rejection = Rejection::new(ErrorWord::InvalidMessage, detail);
            let device = Some(device.clone());
            self.refuse(Rejection { device, seq, ..rejection }, effects);
        }
        admitted
    }

    fn announce(
        &mut self,
        now: Moment,
        version: Version,
        presence: Presence,
        (expires, fixes): (Monotonic, u32),
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
        now: Moment,
        answer: Result<Written, Unavailable>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(announcing) = self.announcing.take() else { return };
        let nothing_came_of_it = !matches!(answer, Ok(Written::Newest | Written::Older));
        if let Announcing::Fix { device, used, seqs, .. } = &announcing
            && nothing_came_of_it
        {
            self.device_seqs.came_to_nothing(device, *used, seqs.0);
        }
        let at = now.monotonic;
        let reply = match (announcing, answer) {
            (announcing, Err(Unavailable)) => unavailable(announcing),
            (
                Announcing::Fix { device, seqs, count, .. },
                Ok(Written::Limited { retry_after_ms }),
            ) => {
                let retry = RetryAfterMs(retry_after_ms);
                let rejection = self.too_many_fixes(now, (device, seqs), count, retry);
                return self.refuse(rejection, effects);
            }
            // They cost nothing, and are never limited.
            (_, Ok(Written::Limited { .. })) => return,
            (Announcing::Fix { device, seq, expires, mut points, refused, .. }, Ok(written)) => {
                // Its turn may have come late.
                let too_old = (at >= expires).then_some(Unshown::TooOld);
                let unshown =
                    if written == Written::Older { Some(Unshown::Older) } else { too_old };
                points.judge_newest(unshown);
                let ack = Ack { device, seq, unshown, refused };
                return self.acknowledge(at, ack, points, effects);
            }
            (Announcing::Keep { device }, Ok(_)) => Reply::Kept { device, located: true },
            (Announcing::SignOff { device }, Ok(_)) => Reply::SignedOff { device },
        };
        effects.push(Effect::Send(reply));
    }

    /// Hands to history what is to be kept, and answers once that has said what it survives.
    fn acknowledge(&mut self, now: Monotonic, ack: Ack, points: Points, effects: &mut Vec<Effect>) {
        if points.hand_in(effects) {
            self.waiting_acks.add_asked(ack, now, effects);
        } else {
            self.waiting_acks.add(ack, effects);
        }
    }

    fn too_many_fixes(
        &mut self,
        now: Moment,
        (device, seqs): (DeviceId, (u64, u64)),
        count: usize,
        retry: RetryAfterMs,
    ) -> Rejection {
        let count = if self.device_seqs.are_newly_limited(&device, seqs) { count } else { 0 };
        let detail = format!("more than {} fixes per second", self.limits.fixes_per_s);
        let RetryAfterMs(retry_after_ms) = self.budget.fixes_refused(now.monotonic, count, retry);
        Rejection {
            device: Some(device),
            seq: Some(seqs.1),
            retry_after_ms: Some(retry_after_ms),
            ..Rejection::new(ErrorWord::RateLimited, detail)
        }
    }
}

/// The least number of a message, and the last.
pub(super) fn seqs_of(fixes: &[SentFix], last_seq: u64) -> (u64, u64) {
    (fixes.iter().map(|fix| fix.seq).min().unwrap_or(last_seq), last_seq)
}

fn point(now: Moment, version: Version, fix: Fix, unshown: Option<Unshown>) -> HistoryFix {
    HistoryFix { version, fix, received: now.wall, unshown }
}

fn unavailable(announcing: Announcing) -> Reply {
    let (device, seq) = match announcing {
        Announcing::Fix { device, seq, .. } => (device, Some(seq)),
        Announcing::Keep { device } | Announcing::SignOff { device } => (device, None),
    };
    Reply::Error(Box::new(Rejection {
        device: Some(device),
        seq,
        retry_after_ms: Some(super::reads::RETRY_MS),
        ..Rejection::new(ErrorWord::Unavailable, "positions can't be stored now")
    }))
}
