use crate::Monotonic;

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// The generic cell rate algorithm (ITU-T I.371, annex A, in its virtual scheduling form): a limit of a rate with a
/// burst, whose state is one integer per subject.
///
/// The state is the moment, in nanoseconds of monotonic time, at which the subject will have used up nothing; 0 for
/// somebody new. Ours, since libraries keep a clock and a map of their own; here time is passed in, and the state is stored with
/// what it limits, in Redis too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gcra {
    interval_ns: u64,
    burst_ns: u64,
}

/// Milliseconds until the same would be granted, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfterMs(pub u64);

impl Gcra {
    /// `per_second` units in the long run (1 … 10⁹), `burst` at once (at least 1).
    pub fn new(per_second: u32, burst: u32) -> Self {
        let interval_ns = (NS_PER_S / u64::from(per_second.max(1))).max(1);
        Self { interval_ns, burst_ns: interval_ns * u64::from(burst.max(1)) }
    }

    /// Takes `cost` units, or takes nothing and says how long to wait. More than the burst is never granted.
    pub fn take(&self, state: &mut u64, now: Monotonic, cost: u32) -> Result<(), RetryAfterMs> {
        let now_ns = now.0.saturating_mul(NS_PER_MS);
        let used_until = (*state).max(now_ns);
        let then = used_until.saturating_add(self.interval_ns.saturating_mul(u64::from(cost)));
        let latest = now_ns.saturating_add(self.burst_ns);
        if then > latest {
            return Err(RetryAfterMs((then - latest).div_ceil(NS_PER_MS)));
        }
        *state = then;
        Ok(())
    }

    /// Takes `cost` units whether there are so many or not. What is taken beyond the burst is a debt: nothing is granted
    /// until the rate has paid it.
    pub fn charge(&self, state: &mut u64, now: Monotonic, cost: u64) {
        let used_until = (*state).max(now.0.saturating_mul(NS_PER_MS));
        *state = used_until.saturating_add(self.interval_ns.saturating_mul(cost));
    }

    /// Errs while there is a debt, but for `own` units of it.
    pub fn check(&self, state: u64, now: Monotonic, own: u64) -> Result<(), RetryAfterMs> {
        let mut others = state.saturating_sub(self.interval_ns.saturating_mul(own));
        self.take(&mut others, now, 0)
    }

    /// How long it takes until all is paid that was taken.
    pub fn paid_in(state: u64, now: Monotonic) -> RetryAfterMs {
        let owed_ns = state.saturating_sub(now.0.saturating_mul(NS_PER_MS));
        RetryAfterMs(owed_ns.div_ceil(NS_PER_MS))
    }

    /// Whether a state is as good as new, so that it may be forgotten.
    pub fn is_idle(state: u64, now: Monotonic) -> bool {
        state <= now.0.saturating_mul(NS_PER_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_is_granted_and_then_the_rate() {
        let gcra = Gcra::new(10, 3);
        let mut state = 0;
        for _ in 0..3 {
            assert_eq!(gcra.take(&mut state, Monotonic(5_000), 1), Ok(()));
        }
        assert_eq!(gcra.take(&mut state, Monotonic(5_000), 1), Err(RetryAfterMs(100)));
        assert_eq!(gcra.take(&mut state, Monotonic(5_099), 1), Err(RetryAfterMs(1)));
        assert_eq!(gcra.take(&mut state, Monotonic(5_100), 1), Ok(()));
        assert_eq!(gcra.take(&mut state, Monotonic(5_100), 1), Err(RetryAfterMs(100)));
        assert_eq!(Gcra::paid_in(state, Monotonic(5_100)), RetryAfterMs(300));
        assert_eq!(Gcra::paid_in(state, Monotonic(5_400)), RetryAfterMs(0));
    }

    #[test]
    fn more_than_the_burst_is_never_granted() {
        let gcra = Gcra::new(10, 3);
        assert!(gcra.take(&mut 0, Monotonic(1 << 40), 4).is_err());
    }

    #[test]
    fn a_debt_is_paid_by_the_rate_before_anything_is_granted() {
        let gcra = Gcra::new(10, 3);
        let mut state = 0;
        gcra.charge(&mut state, Monotonic(5_000), 3);
        assert_eq!(gcra.check(state, Monotonic(5_000), 0), Ok(()));
        gcra.charge(&mut state, Monotonic(5_000), 20);
        assert_eq!(gcra.check(state, Monotonic(5_000), 0), Err(RetryAfterMs(2_000)));
        assert_eq!(gcra.check(state, Monotonic(5_000), 19), Err(RetryAfterMs(100)));
        assert_eq!(gcra.check(state, Monotonic(5_000), 20), Ok(()));
        assert_eq!(gcra.check(state, Monotonic(7_000), 0), Ok(()));
        assert_eq!(gcra.take(&mut state, Monotonic(7_000), 1), Err(RetryAfterMs(100)));
        gcra.charge(&mut state, Monotonic(7_000), u64::MAX);
        assert!(gcra.check(state, Monotonic(7_000), 0).is_err());
    }

    proptest! {
        #[test]
        fn never_grants_more_than_burst_and_rate(
            per_second in 1..2_000u32, burst in 1..100u32,
            steps in prop::collection::vec((0..200u64, 1..5u32), 1..200),
        ) {
            let gcra = Gcra::new(per_second, burst);
            let (mut state, mut now, mut granted) = (0, 0u64, 0u64);
            for (wait, cost) in steps {
                now += wait;
                match gcra.take(&mut state, Monotonic(now), cost) {
                    Ok(()) => granted += u64::from(cost),
                    Err(RetryAfterMs(ms)) if cost <= burst => {
                        prop_assert!(ms >= 1);
                        prop_assert!(gcra.take(&mut state.clone(), Monotonic(now + ms), cost).is_ok());
                    }
                    Err(_) => {}
                }
                // One unit of slack: the interval is a whole number of nanoseconds, rounded down.
                let allowed = u64::from(burst) + now * u64::from(per_second) / 1_000 + 1;
                prop_assert!(granted <= allowed, "{granted} > {allowed}");
            }
        }
    }
}
