use std::sync::Arc;

use model::{Ecef, Fix, Memo, Monotonic, Timestamp, UserId, Version, ViewerClass};

/// How far ahead of receipt a phone's clock may be and still be believed, milliseconds.
pub const CLOCK_AHEAD_MS: i64 = 5_000;

/// How far ahead of the clock a held version may be and still be trusted: what a gateway has believed, and as much again
/// for gateways whose clocks differ, or for one whose clock is corrected a little. `announce.lua` has the same number.
pub(crate) const CLOCK_TRUSTED_MS: i64 = 10_000;

/// One user as one class of viewers may see them: the unit of publishing, subscribing and caching.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    /// Who is seen.
    pub user: UserId,
    /// The class of viewers who see them.
    pub class: ViewerClass,
}

impl Channel {
    /// The channel of those who may see `user` precisely.
    pub fn precise(user: UserId) -> Self {
        Self { user, class: ViewerClass::Precise }
    }
}

/// What a user's newest message says of their whereabouts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence {
    /// Here, as the fix says.
    Here(Fix),
    /// Signed off: nowhere. Kept until its TTL, so that a late fix of before can't bring the user back.
    Gone,
}

/// One version of a user's whereabouts, as one class of viewers may see it. Immutable, shared by all who hold it.
#[derive(Debug)]
pub struct Record {
    /// The user whose whereabouts these are.
    pub user: UserId,
    /// The class of viewers who may see it.
    pub class: ViewerClass,
    /// Where in the order of this user's records.
    pub version: Version,
    /// Where the user is, or that they are gone.
    pub presence: Presence,
    /// When this process got it; for measuring, not for ordering.
    pub received: Monotonic,
    ecef: Option<Ecef>,
    /// What the codec makes of it once for all who are told of it.
    pub(crate) encoded: Memo<Box<str>>,
}

impl Record {
    /// A record of what the user says at `version`.
    pub fn new(user: UserId, version: Version, presence: Presence, received: Monotonic) -> Self {
        let ecef = match presence {
            Presence::Here(fix) => Some(Ecef::from(fix.position)),
            Presence::Gone => None,
        };
        let class = ViewerClass::Precise;
        Self { user, class, version, presence, received, ecef, encoded: Memo::default() }
    }

    /// The position, for distances; none if the user is gone.
    pub fn ecef(&self) -> Option<Ecef> {
        self.ecef
    }
}

/// A record and how long it holds.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// What was seen.
    pub record: Arc<Record>,
    /// From when on it isn't true any more.
    pub expires: Monotonic,
}

impl Sighting {
    /// Whether it still holds.
    pub fn holds(&self, now: Monotonic) -> bool {
        now < self.expires
    }
}

/// What a sighting does to the one already held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It is newer and takes the place.
    Replace,
    /// It is the same version, which now holds longer.
    Extend,
    /// It is older, or says nothing new.
    Keep,
}

/// The one rule of order, used wherever a position is held: the greater version wins; an equal one can only hold longer.
///
/// A held version much further ahead of the clock than any phone is believed to be is there because the clock was set
/// back; anything newer in truth would lose against it, so it is not trusted.
pub(crate) fn merge(held: Option<&Sighting>, new: &Sighting, wall: Timestamp) -> Merge {
    let Some(held) = held else { return Merge::Replace };
    let (old, fresh) = (&held.record.version, &new.record.version);
    if fresh > old || (fresh < old && old.effective - wall > CLOCK_TRUSTED_MS) {
        return Merge::Replace;
    }
    if fresh == old && new.expires > held.expires {
        return Merge::Extend;
    }
    Merge::Keep
}

/// What a write did to the cached position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is the newest, or the newest now holds longer.
    Newest,
    /// A newer one is cached; nothing changed.
    Older,
    /// Its user has sent too many fixes; nothing changed. The same is taken after so many milliseconds, at least 1.
    Limited {
        /// Milliseconds until the same is taken, at least 1.
        retry_after_ms: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DeviceId, Position};

    fn sighting(effective: i64, seq: u64, expires: u64) -> Sighting {
        let version = Version {
            effective: Timestamp(effective),
            device: DeviceId::parse("phone").expect("device"),
            seq,
        };
        let fix = Fix::at(Position::new(36.5, -115.25).expect("position"));
        let user = UserId::parse("bob").expect("user");
        let record = Record::new(user, version, Presence::Here(fix), Monotonic(0));
        Sighting { record: Arc::new(record), expires: Monotonic(expires) }
    }

    #[test]
    fn the_greater_version_wins_whatever_the_order_of_arrival() {
        let (old, new) = (sighting(1_000, 1, 50), sighting(2_000, 2, 60));
        let wall = Timestamp(2_000);
        assert_eq!(merge(None, &old, wall), Merge::Replace);
        assert_eq!(merge(Some(&old), &new, wall), Merge::Replace);
        assert_eq!(merge(Some(&new), &old, wall), Merge::Keep);
    }

    #[test]
    fn the_same_version_can_only_hold_longer() {
        let (short, long) = (sighting(1_000, 1, 50), sighting(1_000, 1, 60));
        let wall = Timestamp(1_000);
        assert_eq!(merge(Some(&short), &long, wall), Merge::Extend);
        assert_eq!(merge(Some(&long), &short, wall), Merge::Keep);
    }

    #[test]
    fn after_the_clock_was_set_back_new_fixes_still_count() {
        let before = sighting(3_600_000, 1, 50);
        let after = sighting(1_000, 2, 60);
        assert_eq!(merge(Some(&before), &after, Timestamp(1_000)), Merge::Replace);
    }
}
