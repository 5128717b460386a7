use std::collections::HashMap;

use model::{DeviceId, Moment, Monotonic, Timestamp};

use crate::session::record::CLOCK_AHEAD_MS;

/// How far ahead of receipt a phone's clock may be and still be corrected to the time of receipt, milliseconds.
/// Beyond, the time isn't believed at all: the fix may be of any day.
const CLOCK_CORRECTED_MS: i64 = 5 * 60 * 1_000;

/// How many devices may speak over one connection; each costs the number of its last fix.
pub(crate) const DEVICES_MAX: usize = 8;

model::words! {
    /// Why a fix is acknowledged and not shown: the words in `ack.reason`.
    pub enum Unshown {
        /// Its `seq` didn't grow.
        Repeated = "repeated",
        /// A newer position is shown already.
        Older = "older",
        /// It is older than the TTL.
        TooOld = "too_old",
        /// Its time is in the future.
        Ahead = "ahead",
        /// The phone says that its position isn't valid. Nothing of it is kept.
        NoPosition = "no_position",
        /// It can't be taken, and nor can any other of its message.
        Refused = "refused",
    }
}

/// When a fix counts as taken, and until when it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) effective: Timestamp,
    pub(crate) expires: Monotonic,
}

/// The devices that spoke over this connection, with the numbers that each has used.
#[derive(Default)]
pub(crate) struct DeviceSeqs {
    seqs: HashMap<DeviceId, Seqs>,
}

/// Which numbers a device has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seqs {
    /// The greatest that was taken.
    last: Option<u64>,
    /// The least that was refused for the moment and is to be sent again. From it on numbers are taken although they don't grow, as
    /// later ones may have been taken meanwhile; one that is sent twice then is the same position and point twice, which
    /// does no harm.
    again_from: Option<u64>,
    /// The greatest that was refused because of too many fixes.
    limited_to: Option<u64>,
}

/// Where a number stands in the order of its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is the greatest.
    Next,
    /// It comes after a greater one, since it was refused.
    Late,
    /// It didn't grow.
    Repeated,
}

impl DeviceSeqs {
    /// Whether the device may speak here.
    pub(crate) fn admits(&self, device: &DeviceId) -> bool {
        self.seqs.len() < DEVICES_MAX || self.seqs.contains_key(device)
    }

    /// Whether the device has spoken here.
    pub(crate) fn knows(&self, device: &DeviceId) -> bool {
        self.seqs.get(device).is_some_and(|seqs| seqs.last.is_some())
    }

    /// What the device has used so far.
    pub(crate) fn used(&self, device: &DeviceId) -> Seqs {
        self.seqs.get(device).copied().unwrap_or_default()
    }

    /// Notes that nothing came of a message whose least number is `first`, and that it is to be sent again. What has been noted
    /// of it since [`Self::used`] said this is taken back.
    pub(crate) fn came_to_nothing(&mut self, device: &DeviceId, used: Seqs, first: u64) {
        let again_from = Some(used.again_from.map_or(first, |from| from.min(first)));
        if self.admits(device) {
            self.seqs.insert(device.clone(), Seqs { again_from, ..used });
        }
    }

    /// Whether fixes are beyond the limit that weren't before: what is sent again too early doesn't wait for itself.
    pub(crate) fn are_newly_limited(&mut self, device: &DeviceId, seqs: (u64, u64)) -> bool {
        let (first, last) = seqs;
        let Some(held) = self.seqs.get_mut(device) else { return true };
        let before = held.limited_to.replace(last.max(held.limited_to.unwrap_or(0)));
        before.is_none_or(|to| first > to)
    }

    /// Notes the `seq` unless it is repeated.
    pub(crate) fn advance(&mut self, device: &DeviceId, seq: u64) -> Turn {
        let seqs = self.seqs.entry(device.clone()).or_default();
        if seqs.last.is_none_or(|last| seq > last) {
            seqs.last = Some(seq);
            return Turn::Next;
        }
        if seqs.again_from.is_some_and(|from| seq >= from) { Turn::Late } else { Turn::Repeated }
    }
}

/// The effective time of a fix: the device's if it is believable, the time of receipt if it is missing or a little
/// ahead, none if it can't be shown as a present position.
pub(crate) fn time(time_ms: Option<i64>, now: Moment, ttl_ms: u64) -> Result<Timing, Unshown> {
    let ahead = time_ms.map_or(0, |t| Timestamp(t) - now.wall);
    if ahead > CLOCK_CORRECTED_MS {
        return Err(Unshown::Ahead);
    }
    if ahead <= -(ttl_ms as i64) {
        return Err(Unshown::TooOld);
    }
    let effective = if ahead > CLOCK_AHEAD_MS { now.wall } else { now.wall.plus_ms(ahead) };
    let age_ms = (now.wall - effective).max(0) as u64;
    Ok(Timing { effective, expires: now.monotonic.plus_ms(ttl_ms - age_ms) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment { wall: Timestamp(1_000_000_000), monotonic: Monotonic(77) };
    const TTL_MS: u64 = 600_000;

    fn at(offset_ms: i64) -> Result<(i64, u64), Unshown> {
        let timing = time(Some(NOW.wall.0 + offset_ms), NOW, TTL_MS)?;
        Ok((timing.effective - NOW.wall, timing.expires.since_ms(NOW.monotonic)))
    }

    #[test]
    fn a_believable_time_counts_and_the_ttl_starts_there() {
        assert_eq!(at(0), Ok((0, TTL_MS)));
        assert_eq!(at(-1_000), Ok((-1_000, TTL_MS - 1_000)));
        assert_eq!(at(-599_999), Ok((-599_999, 1)));
    }

    #[test]
    fn a_clock_a_little_ahead_counts_but_does_not_hold_longer() {
        assert_eq!(at(5_000), Ok((5_000, TTL_MS)));
    }

    #[test]
    fn missing_or_more_than_a_little_ahead_means_now() {
        assert_eq!(at(5_001), Ok((0, TTL_MS)));
        assert_eq!(at(300_000), Ok((0, TTL_MS)));
        assert_eq!(time(None, NOW, TTL_MS).map(|t| t.effective), Ok(NOW.wall));
    }

    #[test]
    fn times_that_cannot_be_now_are_not_shown() {
        assert_eq!(at(-600_000), Err(Unshown::TooOld));
        assert_eq!(at(300_001), Err(Unshown::Ahead));
        assert_eq!(at(-365 * 86_400_000), Err(Unshown::TooOld));
        assert_eq!(at(86_400_000), Err(Unshown::Ahead));
    }

    #[test]
    fn a_seq_must_grow_on_each_device_by_itself() {
        let mut device_seqs = DeviceSeqs::default();
        let (a, b) = (DeviceId::parse("a").expect("id"), DeviceId::parse("b").expect("id"));
        let advances = [(&a, 5), (&a, 5), (&a, 4), (&b, 1), (&a, 1_000_000_005), (&b, 2)];
        let taken = advances.map(|(device, seq)| device_seqs.advance(device, seq) == Turn::Next);
        assert_eq!(taken, [true, false, false, true, true, true]);
    }

    #[test]
    fn what_was_refused_may_come_after_what_was_sent_later() {
        let mut device_seqs = DeviceSeqs::default();
        let a = DeviceId::parse("a").expect("id");
        device_seqs.came_to_nothing(&a, Seqs::default(), 3);
        assert!(!device_seqs.knows(&a), "nothing came of it");
        assert_eq!(device_seqs.advance(&a, 5), Turn::Next);
        let before = device_seqs.used(&a);
        assert_eq!(device_seqs.advance(&a, 9), Turn::Next);
        device_seqs.came_to_nothing(&a, before, 8);
        assert_eq!(device_seqs.used(&a).last, Some(5));
        assert_eq!(device_seqs.advance(&a, 10), Turn::Next);
        let turns = [2, 3, 4, 8, 9, 10, 11].map(|seq| device_seqs.advance(&a, seq));
        let late = Turn::Late;
        assert_eq!(turns, [Turn::Repeated, late, late, late, late, late, Turn::Next]);
    }

    #[test]
    fn one_connection_speaks_for_few_devices() {
        let mut device_seqs = DeviceSeqs::default();
        let device = |n: usize| DeviceId::parse(&format!("d{n}")).expect("id");
        for n in 0..DEVICES_MAX {
            assert!(device_seqs.admits(&device(n)));
            device_seqs.advance(&device(n), 1);
        }
        assert!(!device_seqs.admits(&device(DEVICES_MAX)) && device_seqs.admits(&device(0)));
    }
}
