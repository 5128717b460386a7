use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Lets so many lines of a kind into the log a second: what anybody can cause as often as they like must not fill it. The metrics
/// count all.
pub struct LineLimit {
    lines_per_s: u64,
    // A stopwatch for the log.
    began: Instant,
    /// The second since then in the upper half; how many lines it has had in the lower.
    state: AtomicU64,
}

impl LineLimit {
    pub(crate) fn new(lines_per_s: u32) -> Self {
        let state = AtomicU64::default();
        Self { lines_per_s: lines_per_s.into(), began: Instant::now(), state }
    }

    /// Whether one more line may be written now; if so, how many were left out of the last second that had any.
    pub fn take(&self) -> Option<u64> {
        self.take_in(self.began.elapsed().as_secs() as u32)
    }

    fn take_in(&self, second: u32) -> Option<u64> {
        let next = |state: u64| {
            let same = (state >> 32) as u32 == second;
            Some(if same { state + 1 } else { u64::from(second) << 32 | 1 })
        };
        let before = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let before = before.unwrap_or_default();
        let (same, count) = ((before >> 32) as u32 == second, before & u64::from(u32::MAX));
        match same {
            true if count >= self.lines_per_s => None,
            true => Some(0),
            false => Some(count.saturating_sub(self.lines_per_s)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_a_bounded_number_of_lines_a_second_and_what_is_left_out_is_said() {
        let lines = LineLimit::new(30);
        let written = |second| (0..1_000).filter(|_| lines.take_in(second).is_some()).count();
        assert_eq!(written(7), 30);
        assert_eq!(lines.take_in(8), Some(970));
        assert_eq!(lines.take_in(8), Some(0));
        assert_eq!(lines.take_in(30), Some(0));
    }
}
