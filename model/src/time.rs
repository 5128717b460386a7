mod clock_offsets;

use std::ops::Sub;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

pub use clock_offsets::{CLOCK_OFFSET_MS_MAX, clock_is_off};

/// A point in time in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// Milliseconds since some fixed moment in this process; never steps, so that deadlines and TTLs count in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Monotonic(pub u64);

impl Timestamp {
    /// This moment moved by a number of milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub for Timestamp {
    type Output = i64;

    /// The milliseconds from `other` to this.
    fn sub(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

impl Monotonic {
    /// This moment and a number of milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The milliseconds since `earlier`; 0 if that is later.
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the calendar says; may step.
    pub wall: Timestamp,
    /// What a stopwatch says; never steps.
    pub monotonic: Monotonic,
}

/// Where time comes from; passed in, so that tests control it.
///
/// Everything that says how long something may be known counts in its monotonic time: when a position expires, how long
/// what was read from a store is believed, how long a caller is limited. What waits for an answer counts in the time of
/// tokio instead, which stands still while the machine sleeps: connections, probes, retries. Nobody is shown longer for
/// that, since what a late answer says is judged by this clock. Redis expires what it keeps by a clock of its own.
pub trait Clock: Send + Sync {
    /// Reads both clocks.
    fn now(&self) -> Moment;
}

/// The machine's clocks. On Linux monotonic time goes on while the machine sleeps, so that after a night nobody is shown
/// where they were in the evening; elsewhere it may stand still.
#[derive(Debug)]
pub struct SystemClock {
    started: Duration,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn start() -> Self {
        Self { started: since_boot() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the calendar is read")]
    fn now(&self) -> Moment {
        let unix_ms = |time: SystemTime| match time.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_millis() as i64,
            Err(before) => -(before.duration().as_millis() as i64),
        };
        let elapsed = since_boot().saturating_sub(self.started);
        Moment {
            wall: Timestamp(unix_ms(SystemTime::now())),
            monotonic: Monotonic(elapsed.as_millis() as u64),
        }
    }
}

/// `CLOCK_BOOTTIME` goes on while the machine sleeps; `CLOCK_MONOTONIC`, the standard library's `Instant`, doesn't there.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

fn since_boot() -> Duration {
    let time = clock_gettime(CLOCK);
    // It begins at 0 and nanoseconds are less than a second, so both always fit.
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `wall`.
    pub fn at(wall: Timestamp) -> Self {
        Self { wall_ms: AtomicI64::new(wall.0), monotonic_ms: AtomicU64::new(0) }
    }

    /// Lets time pass.
    pub fn advance_ms(&self, ms: u64) {
        self.wall_ms.fetch_add(ms as i64, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the calendar forward or back, as an administrator does, while no time passes.
    pub fn step_wall_ms(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment {
            wall: Timestamp(self.wall_ms.load(Ordering::SeqCst)),
            monotonic: Monotonic(self.monotonic_ms.load(Ordering::SeqCst)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel says of how long the machine has been on, asleep or awake.
    #[cfg(target_os = "linux")]
    fn uptime() -> Duration {
        let text = std::fs::read_to_string("/proc/uptime").expect("Linux tells it");
        let seconds = text.split(' ').next().and_then(|first| first.parse().ok());
        Duration::from_secs_f64(seconds.expect("seconds"))
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn time_goes_on_while_the_machine_sleeps() {
        // The kernel rounds down to a hundredth of a second.
        let (before, measured) = (uptime(), since_boot());
        let after = uptime() + Duration::from_millis(10);
        assert!(before <= measured && measured <= after, "{before:?} {measured:?} {after:?}");
    }

    #[test]
    fn monotonic_time_begins_at_nothing_and_never_goes_back() {
        let clock = SystemClock::start();
        let first = clock.now().monotonic;
        assert!(first < Monotonic(60_000));
        assert!(clock.now().monotonic >= first);
    }
}
