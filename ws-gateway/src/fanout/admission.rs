use parking_lot::Mutex;

use model::{Gcra, Monotonic, RetryAfterMs};

use crate::config::Config;

/// The longest wait that is promised to somebody who can't be let in now, milliseconds.
const PROMISE_MAX_MS: u64 = 60_000;

/// How many sessions are opened a second: more than that would keep those that are open from their pushes. Whoever comes
/// too early is told when it will be their turn, each another time, so that they don't come back together.
pub(crate) struct Admission {
    gate: Gcra,
    per_s: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    admitted: u64,
    /// Until when turns are promised, milliseconds of monotonic time.
    promised_ms: u64,
    /// What is left of a millisecond, in turns.
    turns: u64,
}

impl Admission {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            gate: Gcra::new(config.admissions_per_s, config.admissions_burst),
            per_s: u64::from(config.admissions_per_s.max(1)),
            state: Mutex::default(),
        }
    }

    /// Lets one more in, or says when to come back.
    pub(crate) fn admit(&self, now: Monotonic) -> Result<(), RetryAfterMs> {
        let mut state = self.state.lock();
        let Err(RetryAfterMs(wait_ms)) = self.gate.take(&mut state.admitted, now, 1) else {
            return Ok(());
        };
        state.turns += 1_000;
        let earliest = now.0 + wait_ms;
        state.promised_ms = state.promised_ms.max(earliest) + state.turns / self.per_s;
        state.turns %= self.per_s;
        // Beyond the longest wait all are promised the same: by then it is another day.
        state.promised_ms = state.promised_ms.min(earliest + PROMISE_MAX_MS);
        Err(RetryAfterMs(state.promised_ms - now.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_in_and_everybody_else_gets_a_turn_of_their_own() {
        let config = Config { admissions_per_s: 100, admissions_burst: 50, ..Config::default() };
        let admission = Admission::new(&config);
        let now = Monotonic(5_000);
        assert!((0..50).all(|_| admission.admit(now).is_ok()));
        let waits: Vec<u64> =
            (0..200).filter_map(|_| admission.admit(now).err()).map(|w| w.0).collect();
        assert_eq!(waits.len(), 200);
        assert!(waits.windows(2).all(|two| two[1] == two[0] + 10), "one every 10 ms: {waits:?}");
        // All who come when they were told to are let in.
        let all = waits.iter().all(|wait| admission.admit(now.plus_ms(*wait)).is_ok());
        assert!(all);
    }

    #[test]
    fn no_wait_is_longer_than_a_minute() {
        let config = Config { admissions_per_s: 1, admissions_burst: 1, ..Config::default() };
        let admission = Admission::new(&config);
        assert!(admission.admit(Monotonic(0)).is_ok());
        let longest =
            (0..500).filter_map(|_| admission.admit(Monotonic(0)).err()).map(|w| w.0).max();
        assert_eq!(longest, Some(61_000));
    }
}
