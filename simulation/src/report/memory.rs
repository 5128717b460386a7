use std::io;

use serde::Serialize;

/// How many samples are kept; when full, every second one goes and the pace halves.
const SAMPLES_MAX: usize = 2_048;

/// How often memory is looked at to begin with, seconds.
const PACE_S: f64 = 2.0;

/// Fewer samples than this after the warm-up tell nothing about a slope.
const SLOPE_SAMPLES_MIN: usize = 10;

/// The resident memory of a process in bytes, as Linux tells it (`VmRSS`).
pub fn resident_memory(pid: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_status(&status)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no VmRSS in the status"))
}

fn parse_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The resident memory of the watched process over the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MemoryWatch {
    /// Seconds since the start, bytes.
    pub samples: Vec<(f64, u64)>,
    /// Growth in percent per ten minutes: the slope of the least-squares line through the samples after the first
    /// third of the time (a warm-up: caches fill, the allocator finds its size), over that line's value where the
    /// last two thirds begin. None with fewer than ten samples there.
    pub slope_percent_per_10min: Option<f64>,
}

/// Takes samples, few enough to keep however long a run is.
pub(crate) struct Sampler {
    pid: u32,
    pace_s: f64,
    samples: Vec<(f64, u64)>,
}

impl Sampler {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid, pace_s: PACE_S, samples: Vec::new() }
    }

    /// Looks, if it is time to. A process that has gone makes no sample.
    pub(crate) fn look(&mut self, elapsed_s: f64) {
        let due = self.samples.last().is_none_or(|(last, _)| elapsed_s >= last + self.pace_s);
        if let (true, Ok(bytes)) = (due, resident_memory(self.pid)) {
            self.keep(elapsed_s, bytes);
        }
    }

    fn keep(&mut self, elapsed_s: f64, bytes: u64) {
        if self.samples.len() == SAMPLES_MAX {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.pace_s *= 2.0;
        }
        self.samples.push((elapsed_s, bytes));
    }

    pub(crate) fn finish(self) -> MemoryWatch {
        let slope_percent_per_10min = slope(&self.samples);
        MemoryWatch { samples: self.samples, slope_percent_per_10min }
    }
}

fn slope(samples: &[(f64, u64)]) -> Option<f64> {
    let (first, last) = (samples.first()?.0, samples.last()?.0);
    let warm = first + (last - first) / 3.0;
    let rest: Vec<(f64, f64)> =
        samples.iter().filter(|(s, _)| *s >= warm).map(|(s, b)| (*s, *b as f64)).collect();
    if rest.len() < SLOPE_SAMPLES_MIN {
        return None;
    }
    let n = rest.len() as f64;
    let mean_s = rest.iter().map(|(s, _)| s).sum::<f64>() / n;
    let mean_b = rest.iter().map(|(_, b)| b).sum::<f64>() / n;
    let spread: f64 = rest.iter().map(|(s, _)| (s - mean_s).powi(2)).sum();
    let joint: f64 = rest.iter().map(|(s, b)| (s - mean_s) * (b - mean_b)).sum();
    let bytes_per_s = joint / spread;
    let begin = mean_b + bytes_per_s * (warm - mean_s);
    Some(100.0 * bytes_per_s * 600.0 / begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_our_own_has_memory() {
        let bytes = resident_memory(std::process::id()).expect("Linux tells");
        assert!(bytes > 1 << 18, "{bytes}");
        assert!(resident_memory(u32::MAX).is_err());
    }

    #[test]
    fn the_warm_up_does_not_count_into_the_slope() {
        let growing_then_flat: Vec<_> = (0..300_u32)
            .map(|s| (f64::from(s), 1_000_000 + u64::from(s.min(100)) * 10_000))
            .collect();
        assert!(slope(&growing_then_flat).expect("enough").abs() < 0.01);
    }

    #[test]
    fn one_percent_in_ten_minutes_is_called_that() {
        let samples: Vec<_> = (0..=900_u32)
            .map(|s| {
                (f64::from(s), 10_000_000 + u64::from(s.saturating_sub(300)) * 1_000_000 / 6_000)
            })
            .collect();
        let told = slope(&samples).expect("enough");
        assert!((told - 1.0).abs() < 0.01, "{told}");
    }

    #[test]
    fn few_samples_have_no_slope_and_many_are_thinned() {
        assert_eq!(slope(&[(0.0, 1), (1.0, 2)]), None);
        assert_eq!(slope(&[]), None);
        let mut sampler = Sampler::new(0);
        for s in 0..10_000 {
            sampler.keep(f64::from(s), 1);
        }
        assert!(sampler.samples.len() <= SAMPLES_MAX);
        assert!(sampler.samples.is_sorted_by_key(|(s, _)| *s));
    }
}
