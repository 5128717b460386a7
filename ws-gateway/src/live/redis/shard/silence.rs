//! When a connection counts as dead: by how long nothing came, never by how long one answer takes.
//!
//! A server with a thousand gateways that all subscribe again answers each of them, but late. Whoever gives such a
//! connection up throws away what was confirmed on it, and begins again in a longer queue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// A silence is believed to be one once it has lasted so many times as long as the slowest of the last answers took.
const LAG_FACTOR: u32 = 4;

/// What remains of the slowest answer with each quicker one, in eighths: after ten of them a quarter.
const DECAY_EIGHTHS: u64 = 7;

/// The mark of a server that is being recovered: it may be silent as long as is allowed at all.
const RECOVERING: u64 = u64::MAX;

/// How long a server may be silent while it owes something: as long as it is allowed to when it is quick, longer when
/// its last answers were slow, and at most `silence_max`.
pub(super) struct SilenceLimit {
    silence_max: Duration,
    /// The slowest of the last answers, microseconds, or [`RECOVERING`].
    slowest_us: AtomicU64,
}

impl SilenceLimit {
    /// Of a server that is being recovered.
    pub(super) fn new(silence_max: Duration) -> Self {
        Self { silence_max, slowest_us: AtomicU64::new(RECOVERING) }
    }

    /// From now on how long it may be silent depends on its answers, of which the slowest took so long.
    pub(super) fn recovered(&self, slowest: Duration) {
        self.slowest_us.store(slowest.as_micros() as u64, Ordering::Relaxed);
    }

    /// Takes in how long an answer took.
    pub(super) fn answered_in(&self, lag: Duration) {
        let lag_us = lag.as_micros() as u64;
        let slower = |slowest_us: u64| match slowest_us {
            RECOVERING => None,
            _ => Some(lag_us.max(slowest_us / 8 * DECAY_EIGHTHS)),
        };
        // Errs only while recovering, when the limit is the greatest anyway.
        let _ = self.slowest_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, slower);
    }

    /// The limit where a quick server is allowed `usual`.
    pub(super) fn at_least(&self, usual: Duration) -> Duration {
        let slowest_us = self.slowest_us.load(Ordering::Relaxed);
        if slowest_us == RECOVERING {
            return self.silence_max;
        }
        let believed = Duration::from_micros(slowest_us).saturating_mul(LAG_FACTOR);
        believed.clamp(usual, self.silence_max.max(usual))
    }
}

/// One connection, and when something last came on it.
pub(super) struct Liveness {
    heard: Mutex<Instant>,
}

/// Nothing came for too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Silent;

impl Liveness {
    pub(super) fn new() -> Self {
        Self { heard: Mutex::new(Instant::now()) }
    }

    /// Something has come.
    pub(super) fn hear(&self) {
        *self.heard.lock() = Instant::now();
    }

    /// Waits for what must come on this connection, however long it takes while anything else comes.
    pub(super) async fn wait<T>(
        &self,
        limit: impl Fn() -> Duration,
        awaited: impl Future<Output = T>,
    ) -> Result<T, Silent> {
        let asked = Instant::now();
        let mut awaited = std::pin::pin!(awaited);
        loop {
            let deadline = asked.max(*self.heard.lock()) + limit();
            if let Ok(came) = tokio::time::timeout_at(deadline, &mut awaited).await {
                self.hear();
                return Ok(came);
            }
            if asked.max(*self.heard.lock()) + limit() <= Instant::now() {
                return Err(Silent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(10);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_quick_server_may_be_silent_as_usual_and_a_slow_one_longer() {
        let limit = SilenceLimit::new(MAX);
        assert_eq!(limit.at_least(USUAL), MAX, "it is being recovered");
        limit.answered_in(ms(1));
        assert_eq!(limit.at_least(USUAL), MAX, "it still is");
        limit.recovered(ms(3));
        assert_eq!(limit.at_least(USUAL), USUAL);
        limit.answered_in(ms(800));
        assert_eq!(limit.at_least(USUAL), ms(3_200));
        limit.answered_in(ms(60_000));
        assert_eq!(limit.at_least(USUAL), MAX);
    }

    #[test]
    fn a_server_that_is_quick_again_is_soon_judged_as_one() {
        let limit = SilenceLimit::new(MAX);
        limit.recovered(ms(1_000));
        assert_eq!(limit.at_least(USUAL), ms(4_000));
        for _ in 0..11 {
            limit.answered_in(ms(1));
        }
        assert_eq!(limit.at_least(USUAL), USUAL);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_long_while_anything_comes() {
        let liveness = Liveness::new();
        let chatter = async {
            loop {
                tokio::time::sleep(ms(900)).await;
                liveness.hear();
            }
        };
        let answer = liveness.wait(|| USUAL, tokio::time::sleep(ms(30_000)));
        tokio::select! {
            answered = answer => assert_eq!(answered, Ok(())),
            () = chatter => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_found_when_the_limit_is_over_counted_from_the_question() {
        let liveness = Liveness::new();
        tokio::time::sleep(ms(5_000)).await;
        let asked = Instant::now();
        assert_eq!(liveness.wait(|| USUAL, std::future::pending::<()>()).await, Err(Silent));
        assert_eq!(asked.elapsed(), USUAL);
    }
}
