use std::sync::atomic::{AtomicU64, Ordering};

/// Where randomness comes from; passed in, so that tests control it.
pub trait Random: Send + Sync {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}

/// A repeatable stream of bits (`SplitMix64`: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators,
/// 2014). For tests, simulations and spreading; not for secrets.
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
}

impl SeededRandom {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A random name of 16 hexadecimal digits, for sessions, epochs and requests.
pub fn token(random: &dyn Random) -> String {
    format!("{:016x}", random.next_u64())
}
