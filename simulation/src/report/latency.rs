use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;

/// Buckets per doubling: 128 make a bucket at most 1/128 of its value wide, so its middle errs by less than 0.4 %.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// The greatest duration that is told apart, 2³⁶ µs or 19 hours.
const MICROS_MAX: u64 = 1 << 36;

/// How many durations of which length there were, from 1 µs to 19 hours. Shared between tasks; adding takes one
/// relaxed atomic addition.
pub(crate) struct Histogram {
    buckets: Box<[AtomicU64]>,
    max: AtomicU64,
}

/// The usual questions to a histogram, in milliseconds; 0 where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quantiles {
    /// Half were at most as long.
    pub p50_ms: f64,
    /// 99 of 100 were at most as long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// How many there were.
    pub count: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        let buckets = (0..=bucket(MICROS_MAX)).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, max: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, duration: Duration) {
        let micros = (duration.as_micros() as u64).min(MICROS_MAX);
        self.buckets[bucket(micros)].fetch_add(1, Relaxed);
        self.max.fetch_max(micros, Relaxed);
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let count = counts.iter().sum();
        let max_ms = self.max.load(Relaxed) as f64 / 1e3;
        let at = |share: f64| {
            let rank = (share * count as f64).ceil().max(1.0) as u64;
            let mut passed = 0;
            let found = counts.iter().position(|n| {
                passed += n;
                passed >= rank
            });
            found.map_or(0.0, |bucket| (middle(bucket) / 1e3).min(max_ms))
        };
        Quantiles { p50_ms: at(0.5), p99_ms: at(0.99), max_ms, count }
    }
}

/// Exact below `STEPS`; above, the leading bits say the doubling and the next seven the step in it.
fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let shift = micros.ilog2() - STEP_BITS;
    (u64::from(shift) * STEPS + (micros >> shift)) as usize
}

fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket as f64;
    }
    let shift = bucket / STEPS - 1;
    let lowest = (bucket - shift * STEPS) << shift;
    lowest as f64 + (1_u64 << shift) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_remembered_within_one_percent() {
        let mut micros = 1_u64;
        while micros < MICROS_MAX {
            let error = (middle(bucket(micros)) - micros as f64).abs() / micros as f64;
            assert!(error < 0.01, "{micros} µs: {error}");
            micros += 1 + micros / 97;
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_hole() {
        for micros in 0..100_000 {
            let step = bucket(micros + 1) - bucket(micros);
            assert!(step <= 1, "{micros} µs");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_durations_added() {
        let histogram = Histogram::new();
        for ms in 1..=1_000 {
            histogram.add(Duration::from_millis(ms));
        }
        let told = histogram.quantiles();
        assert!((told.p50_ms - 500.0).abs() < 5.0, "{told:?}");
        assert!((told.p99_ms - 990.0).abs() < 9.9, "{told:?}");
        assert!((told.max_ms - 1_000.0).abs() < 1e-9, "{told:?}");
        assert_eq!(told.count, 1_000);
    }

    #[test]
    fn nothing_measured_is_zero_and_the_longest_wait_fits() {
        assert_eq!(Histogram::new().quantiles(), Quantiles::default());
        let histogram = Histogram::new();
        histogram.add(Duration::from_hours(100_000));
        assert!(histogram.quantiles().p50_ms > 6e7);
    }
}
