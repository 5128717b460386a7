use std::ops::RangeInclusive;

use api::{Limits, RateLimit, WorkLimits};
use model::Faults;
use serde::{Deserialize, Serialize};

/// What `…_per_s` and `…_burst` may be.
const RATE: RangeInclusive<u32> = 1..=1_000_000_000;
/// What `deadline_ms` may be.
const DEADLINE_MS: RangeInclusive<u64> = 100..=60_000;
/// What `light_cost_max` may be.
const LIGHT_COST: RangeInclusive<u64> = 1..=1_000_000;
/// What `heavy_max` and `heavy_waiting_max` may be at most.
const HEAVY_MAX: usize = 1_000;

/// How requests over REST are limited, per caller. Services are exempt from the number of requests, not from their cost.
///
/// Costs are in units of about a microsecond of CPU of the service and its databases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rest {
    /// Requests per second on average, 1 … 10⁹.
    pub requests_per_s: u32,
    /// Requests at once after a pause, 1 … 10⁹.
    pub requests_burst: u32,
    /// What a user's requests may cost per second on average, 1 … 10⁹ units.
    pub user_cost_per_s: u32,
    /// What they may cost at once after a pause, 1 … 10⁹ units.
    pub user_cost_burst: u32,
    /// What a service's requests may cost per second on average, 1 … 10⁹ units.
    pub service_cost_per_s: u32,
    /// What they may cost at once after a pause, 1 … 10⁹ units.
    pub service_cost_burst: u32,
    /// A request that costs more is heavy, 1 … 10⁶ units.
    pub light_cost_max: u64,
    /// Heavy requests of all callers that are worked on at a time, at most 1,000; 0: one less than there are cores, and
    /// at least 1.
    pub heavy_max: usize,
    /// Heavy requests of one caller that may wait behind the one that is worked on, at most 1,000.
    pub heavy_waiting_max: usize,
    /// How long a heavy request may take in all, milliseconds, 100 … 60,000.
    pub deadline_ms: u64,
}

impl Default for Rest {
    fn default() -> Self {
        let Limits { requests, work } = Limits::default();
        Self {
            requests_per_s: requests.per_second,
            requests_burst: requests.burst,
            user_cost_per_s: work.user.per_second,
            user_cost_burst: work.user.burst,
            service_cost_per_s: work.service.per_second,
            service_cost_burst: work.service.burst,
            light_cost_max: work.light_cost_max,
            heavy_max: 0,
            heavy_waiting_max: work.heavy_waiting_max,
            deadline_ms: work.deadline_ms,
        }
    }
}

impl Rest {
    /// Says which values can't work, and what would.
    pub(super) fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let rates = [
            ("requests_per_s", self.requests_per_s),
            ("requests_burst", self.requests_burst),
            ("user_cost_per_s", self.user_cost_per_s),
            ("user_cost_burst", self.user_cost_burst),
            ("service_cost_per_s", self.service_cost_per_s),
            ("service_cost_burst", self.service_cost_burst),
        ];
        for (name, rate) in rates {
            faults.unless_in(&RATE, name, rate);
        }
        faults.unless_in(&LIGHT_COST, "light_cost_max", self.light_cost_max);
        faults.unless_in(&(0..=HEAVY_MAX), "heavy_max", self.heavy_max);
        faults.unless_in(&(0..=HEAVY_MAX), "heavy_waiting_max", self.heavy_waiting_max);
        faults.unless_in(&DEADLINE_MS, "deadline_ms", self.deadline_ms);
        faults.result()
    }

    /// The limits of a process that may use so many cores.
    pub(crate) fn limits(&self, cores: usize) -> Limits {
        let rate = |per_second, burst| RateLimit { per_second, burst };
        let heavy_max = match self.heavy_max {
            0 => cores.saturating_sub(1).max(1),
            heavy_max => heavy_max,
        };
        let work = WorkLimits {
            user: rate(self.user_cost_per_s, self.user_cost_burst),
            service: rate(self.service_cost_per_s, self.service_cost_burst),
            light_cost_max: self.light_cost_max,
            heavy_max,
            heavy_waiting_max: self.heavy_waiting_max,
            deadline_ms: self.deadline_ms,
        };
        Limits { requests: rate(self.requests_per_s, self.requests_burst), work }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_requests_leave_a_core_to_the_others_where_there_is_one() {
        let heavy = |rest: Rest, cores| rest.limits(cores).work.heavy_max;
        for (cores, expected) in [(1, 1), (2, 1), (8, 7)] {
            assert_eq!(heavy(Rest::default(), cores), expected);
        }
        assert_eq!(heavy(Rest { heavy_max: 3, ..Rest::default() }, 1), 3);
    }

    #[test]
    fn a_value_that_can_not_work_is_named_with_those_that_do() {
        let refused = |rest: Rest| rest.validate().expect_err("it can't work").to_string();
        let rest = Rest { user_cost_burst: 0, ..Rest::default() };
        assert_eq!(refused(rest), "user_cost_burst must be from 1 to 1000000000");
        let rest = Rest { deadline_ms: 99, ..Rest::default() };
        assert_eq!(refused(rest), "deadline_ms must be from 100 to 60000");
        let rest = Rest { heavy_waiting_max: 1_001, ..Rest::default() };
        assert!(refused(rest).starts_with("heavy_waiting_max"));
        assert!(Rest::default().validate().is_ok());
    }
}
