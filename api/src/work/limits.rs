use model::Monotonic;

use super::{Overspent, Payer};
use crate::RateLimit;
use crate::metrics::COST;
use crate::usage::Usage;

/// What the work of requests may cost, in units of about a microsecond of CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkLimits {
    /// What all requests of one user may cost.
    pub user: RateLimit,
    /// What all requests of one service may cost.
    pub service: RateLimit,
    /// A request that costs more is heavy: it goes on in its turn only.
    pub light_cost_max: u64,
    /// Heavy requests of all callers that are worked on at a time, at least 1.
    pub heavy_max: usize,
    /// Heavy requests of one caller that may wait while another one of theirs is worked on.
    pub heavy_waiting_max: usize,
    /// How long a heavy request may take in all, milliseconds.
    pub deadline_ms: u64,
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            user: RateLimit { per_second: 100_000, burst: 1_000_000 },
            service: RateLimit { per_second: 1_000_000, burst: 10_000_000 },
            light_cost_max: 5_000,
            heavy_max: 1,
            heavy_waiting_max: 16,
            deadline_ms: 3_000,
        }
    }
}

/// What callers have spent.
pub(crate) struct Budgets {
    pub(super) limits: WorkLimits,
    users: Budget,
    services: Budget,
}

struct Budget {
    usage: Usage,
    // Made once: looking a metric up takes as long as a small search.
    spent: metrics::Counter,
}

impl Budgets {
    pub(crate) fn new(limits: WorkLimits) -> Self {
        let budget = |limit, role| Budget {
            usage: Usage::new(limit),
            spent: metrics::counter!(COST, "role" => role),
        };
        let (users, services) = (budget(limits.user, "user"), budget(limits.service, "service"));
        Self { limits, users, services }
    }

    /// Errs if the caller has spent more than allowed, for others than the request that has spent `own` units.
    pub(super) fn check(&self, payer: &Payer, now: Monotonic, own: u64) -> Result<(), Overspent> {
        self.budget(payer).usage.check(&payer.user, now, own).map_err(Overspent::InDebt)
    }

    pub(super) fn charge(&self, payer: &Payer, now: Monotonic, units: u64) {
        let budget = self.budget(payer);
        budget.spent.increment(units);
        budget.usage.charge(&payer.user, now, units);
    }

    fn budget(&self, payer: &Payer) -> &Budget {
        if payer.is_service { &self.services } else { &self.users }
    }
}
