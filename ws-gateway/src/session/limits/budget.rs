use model::{Gcra, Monotonic, RetryAfterMs};

use super::Limits;

/// How much a connection may send beyond its limits, and is told when to send it again, before it is closed, in units of
/// [`Excess`]: a phone that comes back after hours, one fix every second or two in a message each, is no attack.
const EXCESS_UNITS_MAX: u32 = 20_000;
/// So many bytes are a unit.
const EXCESS_UNIT_BYTES: usize = 256;

/// When fixes have to wait for so long for those that were refused before them, milliseconds, more aren't counted.
const FIXES_WAIT_MS_MAX: u64 = 10 * 60 * 1_000;

/// What was sent beyond the limits: a unit a message and for each started 256 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Excess {
    /// Fixes, which wait at a phone that is offline.
    Fixes,
    /// What nothing collects.
    Other,
}

impl Excess {
    /// Units of a message.
    fn units(self) -> u32 {
        match self {
            Self::Fixes => 1,
            Self::Other => 20,
        }
    }
}

/// Whether a message may be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Spent {
    /// It is within the limits.
    Within,
    /// It is not, and may be sent again at that time, when all that was refused before it has had its turn.
    Beyond(RetryAfterMs),
    /// It is too much for good.
    Flood,
}

/// What a connection may still send, and its user.
pub(in super::super) struct Budget {
    messages: Gcra,
    bytes: Gcra,
    excess: Gcra,
    fixes: Gcra,
    messages_used: u64,
    bytes_used: u64,
    excess_used: u64,
    /// Fixes that were refused and haven't had their turn yet.
    fixes_refused: u64,
}

impl Budget {
    pub(in super::super) fn new(limits: &Limits) -> Self {
        Self {
            messages: Gcra::new(limits.messages_per_s, limits.messages_burst),
            bytes: Gcra::new(limits.bytes_per_s, limits.bytes_burst),
            excess: Gcra::new(limits.messages_per_s, EXCESS_UNITS_MAX),
            fixes: Gcra::new(limits.fixes_per_s, limits.fixes_burst),
            messages_used: 0,
            bytes_used: 0,
            excess_used: 0,
            fixes_refused: 0,
        }
    }

    /// Counts a message or control frame of so many bytes.
    pub(in super::super) fn message(
        &mut self,
        now: Monotonic,
        bytes: usize,
        excess: Excess,
    ) -> Spent {
        let counted = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = self.messages.take(&mut self.messages_used, now, 1);
        let taken = taken.and_then(|()| self.bytes.take(&mut self.bytes_used, now, counted));
        let Err(RetryAfterMs(refused)) = taken else { return Spent::Within };
        let units = excess.units().saturating_add((bytes / EXCESS_UNIT_BYTES) as u32);
        if self.excess.take(&mut self.excess_used, now, units).is_err() {
            return Spent::Flood;
        }
        let RetryAfterMs(paid) = Gcra::paid_in(self.excess_used, now);
        Spent::Beyond(RetryAfterMs(paid.max(refused)))
    }

    /// Counts fixes to what the user has used up, all or none.
    pub(in super::super) fn fixes(
        &self,
        now: Monotonic,
        count: usize,
        used: &mut u64,
    ) -> Result<(), RetryAfterMs> {
        self.fixes.take(used, now, u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// When so many fixes that were refused may be sent again: when they would be taken, and all that were refused before
    /// them have had their turn. None of those that were counted before.
    pub(in super::super) fn fixes_refused(
        &mut self,
        now: Monotonic,
        count: usize,
        refused: RetryAfterMs,
    ) -> RetryAfterMs {
        if Gcra::paid_in(self.fixes_refused, now).0 < FIXES_WAIT_MS_MAX {
            self.fixes.charge(&mut self.fixes_refused, now, count as u64);
        }
        RetryAfterMs(Gcra::paid_in(self.fixes_refused, now).0.max(refused.0))
    }
}
