use std::time::Duration;

/// Time since a moment, measured by a clock that is never set.
#[derive(Debug)]
pub(super) struct Stopwatch {
    started: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { started: since_boot() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }
}

/// `CLOCK_BOOTTIME`, which goes on while the machine sleeps. The standard library's `Instant` is `CLOCK_MONOTONIC` on
/// Linux, which doesn't.
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    // It begins at 0 and nanoseconds are less than a second, so both always fit.
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel says of how long the machine has been on, asleep or awake.
    fn uptime() -> Duration {
        let text = std::fs::read_to_string("/proc/uptime").expect("Linux tells it");
        let seconds = text.split(' ').next().and_then(|first| first.parse().ok());
        Duration::from_secs_f64(seconds.expect("seconds"))
    }

    #[test]
    fn time_goes_on_while_the_machine_sleeps() {
        // The kernel rounds down to a hundredth of a second.
        let (before, measured) = (uptime(), since_boot());
        let after = uptime() + Duration::from_millis(10);
        assert!(before <= measured && measured <= after, "{before:?} {measured:?} {after:?}");
    }

    #[test]
    fn a_stopwatch_begins_at_nothing_and_never_goes_back() {
        let stopwatch = Stopwatch::start();
        let first = stopwatch.elapsed();
        assert!(first < Duration::from_mins(1));
        assert!(stopwatch.elapsed() >= first);
    }
}
