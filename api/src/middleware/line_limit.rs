use std::sync::atomic::{AtomicU64, Ordering};

/// Lines about refused requests that are written a second: a storm of refusals must not fill the log. The metrics count all.
const LINES_PER_S: u64 = 50;

/// Counts the lines of the present second.
#[derive(Default)]
pub(super) struct LineLimit {
    /// The second, counted from any beginning, in the upper half; how many lines it has had in the lower.
    state: AtomicU64,
}

impl LineLimit {
    /// Whether one more line may be written in this second; if so, how many were left out of the last second that had any.
    pub(super) fn take(&self, second: u32) -> Option<u64> {
        let next = |state: u64| {
            let same = (state >> 32) as u32 == second;
            Some(if same { state + 1 } else { u64::from(second) << 32 | 1 })
        };
        let before = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let before = before.unwrap_or_default();
        let (same, count) = ((before >> 32) as u32 == second, before & u64::from(u32::MAX));
        match (same, count) {
            (true, LINES_PER_S..) => None,
            (true, _) => Some(0),
            (false, count) => Some(count.saturating_sub(LINES_PER_S)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_a_bounded_number_of_lines_a_second_and_what_is_left_out_is_said() {
        let lines = LineLimit::default();
        let written = |second| (0..1_000).filter(|_| lines.take(second).is_some()).count();
        assert_eq!(written(7), LINES_PER_S as usize);
        assert_eq!(lines.take(8), Some(1_000 - LINES_PER_S));
        assert_eq!(lines.take(8), Some(0));
        assert_eq!(lines.take(30), Some(0));
    }
}
