use std::collections::HashMap;

use model::words;

words! {
    /// Why a fix of a file is passed over.
    pub enum SkipReason {
        /// It isn't UTF-8.
        NotUtf8 = "not_utf8",
        /// It is longer than a line, or an object, may be.
        TooLong = "too_long",
        /// It isn't built as its format wants.
        Malformed = "malformed",
        /// It says nothing of where.
        NoPosition = "no_position",
        /// Its position doesn't lie on Earth.
        PositionOutOfRange = "position_out_of_range",
        /// It says nothing of when.
        NoTime = "no_time",
        /// Its time isn't one, or lies outside of the years 1900 to 9999.
        TimeOutOfRange = "time_out_of_range",
        /// It names a user or a device by what can't be an id.
        InvalidId = "invalid_id",
        /// It is something else than a fix.
        OtherKind = "other_kind",
    }
}

/// What was passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How often, and where first.
    by_reason: HashMap<SkipReason, (u64, u64)>,
    /// Values that can't be, as a speed of -1, which were left out of fixes that count.
    pub values: u64,
}

impl Skipped {
    /// Counts one at this place.
    pub(super) fn count(&mut self, reason: SkipReason, place: u64) {
        self.by_reason.entry(reason).or_insert((0, place)).0 += 1;
    }

    /// Each reason that there was, how often, and at which line (CSV, `OwnTracks`) or point or object (GPX, Google) first, from 1.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, u64, u64)> {
        let all = SkipReason::ALL.iter();
        all.filter_map(|reason| {
            self.by_reason.get(reason).map(|(count, first)| (*reason, *count, *first))
        })
    }

    /// How many fixes were passed over.
    pub fn total(&self) -> u64 {
        self.by_reason.values().map(|(count, _)| count).sum()
    }
}
