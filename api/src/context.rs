use std::fmt;
use std::sync::Arc;

use model::{Clock, Random};

use crate::{RateLimit, RateLimiter, Verifier};

/// What the doors need from outside; cheap to clone. A router's state gives it by `FromRef`.
#[derive(Clone)]
pub struct Context {
    /// Judges tokens.
    pub verifier: Arc<Verifier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub random: Arc<dyn Random>,
    /// Counts requests per caller.
    pub limiter: Arc<RateLimiter>,
}

impl Context {
    /// Puts the pieces together.
    pub fn new(
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limit: RateLimit,
    ) -> Self {
        Self { verifier, clock, random, limiter: Arc::new(RateLimiter::new(limit)) }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context")
    }
}

/// The operating system's randomness, fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        getrandom::u64().expect("the operating system gives randomness once it has started")
    }
}
