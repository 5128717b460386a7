use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{ErrorKind, Monotonic, UserId};

use crate::{Caller, Gcra, Problem, RetryAfterMs, Role};

/// Callers remembered at a time, some 6 MB.
pub const CALLERS_MAX: usize = 65_536;

/// How often one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 100, burst: 200 }
    }
}

/// Holds every caller to a [`RateLimit`]. Services are exempt: they speak for many.
#[derive(Debug)]
pub struct RateLimiter {
    gcra: Gcra,
    // A plain lock: it is held for one hash lookup, and once a minute or so for the sweep.
    states: Mutex<HashMap<UserId, u64>>,
}

impl RateLimiter {
    /// A limiter that remembers nobody.
    pub fn new(limit: RateLimit) -> Self {
        let gcra = Gcra::new(limit.per_second, limit.burst);
        Self { gcra, states: Mutex::new(HashMap::new()) }
    }

    /// Counts one request of this caller.
    pub fn charge(&self, caller: &Caller, now: Monotonic) -> Result<(), Problem> {
        if caller.role == Role::Service {
            return Ok(());
        }
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = states.get_mut(&caller.user) {
            return self.take(state, now);
        }
        if states.len() >= CALLERS_MAX {
            states.retain(|_, state| !Gcra::is_idle(*state, now));
            // All of them are busy: a fresh burst for everybody is better than refusing somebody who did nothing.
            if states.len() >= CALLERS_MAX {
                states.clear();
            }
        }
        let state = states.entry(caller.user.clone()).or_default();
        self.take(state, now)
    }

    fn take(&self, state: &mut u64, now: Monotonic) -> Result<(), Problem> {
        self.gcra.take(state, now, 1).map_err(|RetryAfterMs(ms)| {
            let detail = "more requests than allowed; wait and try again";
            Problem::new(ErrorKind::RateLimited, "rate_limited", detail).retry_after_ms(ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn caller(name: &str, role: Role) -> Caller {
        let user = UserId::parse(name).expect("id");
        Caller { user, role, expires: Timestamp(0) }
    }

    #[test]
    fn callers_are_limited_each_for_themselves_and_services_not_at_all() {
        let limiter = RateLimiter::new(RateLimit { per_second: 1, burst: 2 });
        let now = Monotonic(10);
        let alice = caller("alice", Role::User);
        assert!(limiter.charge(&alice, now).is_ok());
        assert!(limiter.charge(&alice, now).is_ok());
        let refused = limiter.charge(&alice, now).expect_err("third");
        assert_eq!(refused.status(), 429);
        assert!(limiter.charge(&caller("bob", Role::User), now).is_ok());
        assert!(limiter.charge(&alice, Monotonic(1_010)).is_ok());
        for _ in 0..10 {
            assert!(limiter.charge(&caller("backend", Role::Service), now).is_ok());
        }
    }

    #[test]
    fn never_remembers_more_callers_than_its_limit() {
        let limiter = RateLimiter::new(RateLimit::default());
        for n in 0..CALLERS_MAX + 10 {
            let somebody = caller(&format!("u{n}"), Role::User);
            assert!(limiter.charge(&somebody, Monotonic(1)).is_ok());
        }
        assert!(limiter.states.lock().expect("lock").len() <= CALLERS_MAX);
    }
}
