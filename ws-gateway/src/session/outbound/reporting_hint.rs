use model::Monotonic;

use crate::session::view::hysteresis::Decimetres;

/// Hints change at most once in this time, milliseconds.
const CHANGE_MS_MIN: u64 = 60_000;

/// A TTL has room for at least so many reports.
const REPORTS_PER_TTL: u64 = 3;

/// How often a phone should report: when either the interval has passed or it moved the displacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReportingHint {
    pub(crate) interval_ms: u64,
    pub(crate) displacement_m: u32,
    pub(crate) accuracy: Accuracy,
}

/// How well the phone should know where it is; the better, the more its battery is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accuracy {
    Low,
    Balanced,
    High,
}

/// By the distance, metres, within which the nearest friend in the phone's own list is: what isn't in the list must not
/// show in a hint either.
const STEPS: [(f64, ReportingHint); 2] = [
    (200.0, ReportingHint { interval_ms: 5_000, displacement_m: 5, accuracy: Accuracy::High }),
    (1_000.0, ReportingHint { interval_ms: 10_000, displacement_m: 20, accuracy: Accuracy::High }),
];

/// Somebody is near, but farther than any step.
const COMPANY: ReportingHint =
    ReportingHint { interval_ms: 30_000, displacement_m: 50, accuracy: Accuracy::Balanced };

/// Nobody is near: only keep up with the TTL and with great moves.
const ALONE: ReportingHint =
    ReportingHint { interval_ms: 200_000, displacement_m: 200, accuracy: Accuracy::Low };

impl ReportingHint {
    pub(crate) fn for_nearest(nearest: Option<Decimetres>, ttl_ms: u64) -> Self {
        let step = match nearest {
            None => ALONE,
            Some(distance) => STEPS
                .iter()
                .find(|(within_m, _)| distance <= Decimetres::round(model::Metres(*within_m)))
                .map_or(COMPANY, |(_, hint)| *hint),
        };
        Self { interval_ms: step.interval_ms.min(ttl_ms / REPORTS_PER_TTL), ..step }
    }
}

/// The hint that a phone was given last.
pub(crate) struct GivenHint {
    given: ReportingHint,
    changed: Option<Monotonic>,
}

impl GivenHint {
    pub(crate) fn new(ttl_ms: u64) -> Self {
        Self { given: ReportingHint::for_nearest(None, ttl_ms), changed: None }
    }

    pub(crate) fn given(&self) -> ReportingHint {
        self.given
    }

    /// When a change may be told.
    pub(crate) fn next_change(&self) -> Option<Monotonic> {
        self.changed.map(|at| at.plus_ms(CHANGE_MS_MIN))
    }

    /// The hint to tell now, if it is another one and its time has come.
    pub(crate) fn update(
        &mut self,
        now: Monotonic,
        nearest: Option<Decimetres>,
        ttl_ms: u64,
    ) -> Option<ReportingHint> {
        if self.next_change().is_some_and(|at| now < at) {
            return None;
        }
        let hint = ReportingHint::for_nearest(nearest, ttl_ms);
        if hint == self.given {
            return None;
        }
        self.given = hint;
        self.changed = Some(now);
        Some(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Metres;

    fn at(metres: f64) -> Decimetres {
        Decimetres::round(Metres(metres))
    }

    #[test]
    fn the_nearer_the_friend_the_more_often() {
        let intervals = [Some(at(10.0)), Some(at(500.0)), Some(at(5_000.0)), None]
            .map(|nearest| ReportingHint::for_nearest(nearest, 600_000).interval_ms);
        assert_eq!(intervals, [5_000, 10_000, 30_000, 200_000]);
    }

    #[test]
    fn three_reports_always_fit_into_the_ttl() {
        for ttl_ms in [3_000, 10_000, 60_000, 600_000] {
            for nearest in [Some(at(10.0)), Some(at(5_000.0)), None] {
                assert!(ReportingHint::for_nearest(nearest, ttl_ms).interval_ms * 3 <= ttl_ms);
            }
        }
    }

    #[test]
    fn it_changes_at_most_once_a_minute() {
        let mut hints = GivenHint::new(600_000);
        let mut update = |ms, nearest| hints.update(Monotonic(ms), nearest, 600_000).is_some();
        assert!(!update(0, None));
        assert!(update(10, Some(at(10.0))));
        assert!(!update(59_000, None));
        assert!(update(60_010, None));
    }
}
