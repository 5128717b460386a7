use std::collections::HashMap;

use model::{Gcra, Monotonic, RetryAfterMs, UserId};
use parking_lot::Mutex;

use crate::RateLimit;

/// Callers remembered at a time for each limit, some 6 MB.
pub const CALLERS_MAX: usize = 65_536;
/// When all of them are busy, one in so many is forgotten to make room: rarely enough that it costs next to nothing.
const FORGOTTEN: usize = 4;

/// What each caller has used of a limit.
///
/// A map of ours rather than a cache's: that would forget who hasn't come for the longest, and with them what they have
/// used up; this one forgets first whoever has used nothing.
#[derive(Debug)]
pub struct Usage {
    gcra: Gcra,
    // A plain lock: it is held for one hash lookup, and for a sweep when so many callers have come that it is full.
    states: Mutex<HashMap<UserId, u64>>,
}

impl Usage {
    /// Nobody has used anything.
    pub fn new(limit: RateLimit) -> Self {
        let gcra = Gcra::new(limit.per_second, limit.burst);
        Self { gcra, states: Mutex::default() }
    }

    /// Takes `cost` units, or takes nothing and says how long to wait.
    pub fn take(&self, user: &UserId, now: Monotonic, cost: u32) -> Result<(), RetryAfterMs> {
        self.with(user, now, |state| self.gcra.take(state, now, cost))
    }

    /// Errs while there is a debt, but for `own` units of it.
    pub fn check(&self, user: &UserId, now: Monotonic, own: u64) -> Result<(), RetryAfterMs> {
        let states = self.states.lock();
        states.get(user).map_or(Ok(()), |state| self.gcra.check(*state, now, own))
    }

    /// Takes `cost` units whether there are so many or not.
    pub fn charge(&self, user: &UserId, now: Monotonic, cost: u64) {
        self.with(user, now, |state| self.gcra.charge(state, now, cost));
    }

    fn with<T>(&self, user: &UserId, now: Monotonic, work: impl FnOnce(&mut u64) -> T) -> T {
        let mut states = self.states.lock();
        if let Some(state) = states.get_mut(user) {
            return work(state);
        }
        if states.len() >= CALLERS_MAX {
            make_room(&mut states, now);
        }
        work(states.entry(user.clone()).or_default())
    }
}

/// Forgets who is as good as new. If everybody is busy, those that have used the least are forgotten: they get a new
/// burst, and whoever has used more than allowed stays limited.
fn make_room(states: &mut HashMap<UserId, u64>, now: Monotonic) {
    states.retain(|_, state| !Gcra::is_idle(*state, now));
    if states.len() < CALLERS_MAX {
        return;
    }
    let mut used: Vec<u64> = states.values().copied().collect();
    let (_, least, _) = used.select_nth_unstable(CALLERS_MAX / FORGOTTEN);
    let least = *least;
    let mut forgotten = 0;
    states.retain(|_, state| {
        let goes = *state <= least && forgotten < CALLERS_MAX / FORGOTTEN;
        forgotten += usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Monotonic = Monotonic(1);

    fn user(number: usize) -> UserId {
        UserId::parse(&format!("u{number}")).expect("an id")
    }

    fn counted() -> Usage {
        Usage::new(RateLimit { per_second: 1, burst: 2 })
    }

    fn remembered(accounts: &Usage) -> usize {
        accounts.states.lock().len()
    }

    #[test]
    fn a_crowd_of_busy_callers_lifts_nobodys_limit_who_has_used_it_up() {
        let accounts = counted();
        let greedy = user(usize::MAX);
        while accounts.take(&greedy, NOW, 1).is_ok() {}
        for number in 0..2 * CALLERS_MAX {
            assert!(accounts.take(&user(number), NOW, 1).is_ok());
            assert!(remembered(&accounts) <= CALLERS_MAX);
        }
        assert!(accounts.take(&greedy, NOW, 1).is_err(), "the crowd gave it a new burst");
    }

    #[test]
    fn whoever_is_idle_is_forgotten_before_anybody_else() {
        let accounts = counted();
        for number in 0..CALLERS_MAX {
            accounts.charge(&user(number), NOW, 1 + u64::from(number % 2 == 0));
        }
        let later = Monotonic(1_500);
        accounts.charge(&user(CALLERS_MAX), later, 1);
        assert_eq!(remembered(&accounts), CALLERS_MAX / 2 + 1);
    }
}
