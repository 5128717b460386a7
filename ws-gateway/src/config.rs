use std::ops::RangeInclusive;

use api::AllowedOrigins;
use model::Faults;
use serde::{Deserialize, Serialize};

use crate::session::limits::Limits;

/// The longest time that can be set, milliseconds: a day.
const TIME_MS_MAX: u64 = 86_400_000;
/// The highest rate, and the largest burst.
const RATE_MAX: u32 = 1_000_000_000;
/// The most sessions of a gateway.
const SESSIONS_MAX: usize = 10_000_000;
/// What the kernel may be told to hold unsent, bytes.
const UNSENT_BYTES: RangeInclusive<u32> = 4_096..=1 << 30;

/// How the gateway behaves. Every field has its unit in its name; the defaults are those of the documentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a position is shown after its effective time or the last `keep`: 1,000 … 86,400,000.
    pub ttl_ms: u64,
    /// The least time between two pushes to one client: 1 … 1,000.
    pub tick_ms: u64,
    /// How long nothing may be read from a client before it is pinged.
    pub ping_interval_ms: u64,
    /// How long it then has to answer.
    pub ping_grace_ms: u64,
    /// How long a client may take to authenticate.
    pub auth_timeout_ms: u64,
    /// The greatest message a client may send.
    pub message_bytes_max: usize,
    /// The most fixes in one `fixes`.
    pub batch_fixes_max: usize,
    /// Fixes a user may send over all of their connections, on average; the same for all gateways.
    pub fixes_per_s: u32,
    /// Fixes a user may send at once after a pause; at least `batch_fixes_max`.
    pub fixes_burst: u32,
    /// Messages and control frames a connection may send, on average.
    pub messages_per_s: u32,
    /// Messages and control frames a connection may send at once after a pause.
    pub messages_burst: u32,
    /// Bytes of messages a connection may send, on average.
    pub bytes_per_s: u32,
    /// Bytes a connection may send at once after a pause; at least `message_bytes_max`.
    pub bytes_burst: u32,
    /// Boards that a connection may watch: 0 … 16.
    pub boards_max: usize,
    /// Erroneous messages after which a session is closed.
    pub errors_max: u32,
    /// Connections in all. The process' limit of open files may set a lower one.
    pub sessions_max: usize,
    /// Connections of one user.
    pub sessions_per_user_max: usize,
    /// Connections that haven't authenticated yet.
    pub unauthenticated_max: usize,
    /// Friends in one snapshot part or push.
    pub changes_per_message_max: usize,
    /// How long a write may be stuck before the client is degraded.
    pub stuck_degrade_ms: u64,
    /// The least time between two pushes to a degraded client.
    pub degraded_interval_ms: u64,
    /// How long a write may be stuck before the client is closed.
    pub stuck_close_ms: u64,
    /// Unsent bytes that the kernel may hold for one client.
    pub unsent_bytes_max: u32,
    /// Sessions that are opened, on average a second; whoever comes too early is told when to come back.
    pub admissions_per_s: u32,
    /// Sessions that may be opened at once after a pause.
    pub admissions_burst: u32,
    /// Friends that a user's new sessions may begin to watch, on average a second; each session costs some more. 0: any.
    pub watches_per_s: u32,
    /// Friends that they may begin to watch at once after a pause.
    pub watches_burst: u32,
    /// Within which time sessions are closed when the server goes away, at least.
    pub drain_window_ms: u64,
    /// Sessions that are closed a second then, at most: many make the window longer.
    pub drain_sessions_per_s: u32,
    /// Origins of pages that may connect besides the server's own: `https://app.example.com`, `https://*.example.com`, `*`.
    /// Clients that send no `Origin`, as apps do, may always.
    pub allowed_origins: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ttl_ms: 600_000,
            tick_ms: 5,
            ping_interval_ms: 25_000,
            ping_grace_ms: 10_000,
            auth_timeout_ms: 10_000,
            message_bytes_max: 64 * 1024,
            batch_fixes_max: 100,
            fixes_per_s: 20,
            fixes_burst: 200,
            messages_per_s: 50,
            messages_burst: 200,
            bytes_per_s: 32 * 1024,
            bytes_burst: 256 * 1024,
            boards_max: 4,
            errors_max: 100,
            sessions_max: 100_000,
            sessions_per_user_max: 16,
            unauthenticated_max: 1_000,
            changes_per_message_max: 256,
            stuck_degrade_ms: 1_000,
            degraded_interval_ms: 1_000,
            stuck_close_ms: 30_000,
            unsent_bytes_max: 16 * 1024,
            admissions_per_s: 1_000,
            admissions_burst: 5_000,
            watches_per_s: 500,
            watches_burst: 50_000,
            drain_window_ms: 10_000,
            drain_sessions_per_s: 500,
            allowed_origins: Vec::new(),
        }
    }
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            ttl_ms: config.ttl_ms,
            tick_ms: config.tick_ms,
            ping_interval_ms: config.ping_interval_ms,
            ping_grace_ms: config.ping_grace_ms,
            auth_timeout_ms: config.auth_timeout_ms,
            message_bytes_max: config.message_bytes_max,
            batch_fixes_max: config.batch_fixes_max,
            fixes_per_s: config.fixes_per_s,
            fixes_burst: config.fixes_burst,
            messages_per_s: config.messages_per_s,
            messages_burst: config.messages_burst,
            bytes_per_s: config.bytes_per_s,
            bytes_burst: config.bytes_burst,
            boards_max: config.boards_max,
            errors_max: config.errors_max,
            changes_per_message_max: config.changes_per_message_max,
            stuck_degrade_ms: config.stuck_degrade_ms,
            degraded_interval_ms: config.degraded_interval_ms,
            stuck_close_ms: config.stuck_close_ms,
            keeps_history: false,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        self.validate_times(&mut faults);
        self.validate_rates(&mut faults);
        self.validate_sizes(&mut faults);
        faults.unless(
            self.fixes_burst as usize >= self.batch_fixes_max,
            "fixes_burst must be at least batch_fixes_max",
        );
        faults.unless(
            self.bytes_burst as usize >= self.message_bytes_max,
            "bytes_burst must be at least message_bytes_max",
        );
        faults.unless(
            self.stuck_close_ms > self.stuck_degrade_ms,
            "stuck_close_ms must be greater than stuck_degrade_ms",
        );
        for origin in &self.allowed_origins {
            let origins = AllowedOrigins::parse(std::slice::from_ref(origin));
            faults.check(origins.map_err(|why| format!("allowed_origins: {why}")));
        }
        faults.result()
    }

    fn validate_times(&self, faults: &mut Faults) {
        for (range, name, value) in [
            (1_000..=TIME_MS_MAX, "ttl_ms", self.ttl_ms),
            (1..=1_000, "tick_ms", self.tick_ms),
            (100..=TIME_MS_MAX, "ping_interval_ms", self.ping_interval_ms),
            (1..=TIME_MS_MAX, "ping_grace_ms", self.ping_grace_ms),
            (100..=TIME_MS_MAX, "auth_timeout_ms", self.auth_timeout_ms),
            (0..=TIME_MS_MAX, "stuck_degrade_ms", self.stuck_degrade_ms),
            (0..=TIME_MS_MAX, "degraded_interval_ms", self.degraded_interval_ms),
            (1..=TIME_MS_MAX, "stuck_close_ms", self.stuck_close_ms),
            (0..=TIME_MS_MAX, "drain_window_ms", self.drain_window_ms),
        ] {
            faults.unless_in(&range, name, value);
        }
    }

    fn validate_rates(&self, faults: &mut Faults) {
        for (least, name, value) in [
            (1, "fixes_per_s", self.fixes_per_s),
            (1, "fixes_burst", self.fixes_burst),
            (1, "messages_per_s", self.messages_per_s),
            (1, "messages_burst", self.messages_burst),
            (1, "bytes_per_s", self.bytes_per_s),
            (1, "bytes_burst", self.bytes_burst),
            (1, "errors_max", self.errors_max),
            (1, "admissions_per_s", self.admissions_per_s),
            (1, "admissions_burst", self.admissions_burst),
            (0, "watches_per_s", self.watches_per_s),
            (1, "watches_burst", self.watches_burst),
            (1, "drain_sessions_per_s", self.drain_sessions_per_s),
        ] {
            faults.unless_in(&(least..=RATE_MAX), name, value);
        }
    }

    fn validate_sizes(&self, faults: &mut Faults) {
        for (range, name, value) in [
            (1_024..=1_048_576, "message_bytes_max", self.message_bytes_max),
            (1..=10_000, "batch_fixes_max", self.batch_fixes_max),
            (0..=16, "boards_max", self.boards_max),
            (1..=SESSIONS_MAX, "sessions_max", self.sessions_max),
            (1..=SESSIONS_MAX, "sessions_per_user_max", self.sessions_per_user_max),
            (1..=SESSIONS_MAX, "unauthenticated_max", self.unauthenticated_max),
            (1..=1_000, "changes_per_message_max", self.changes_per_message_max),
        ] {
            faults.unless_in(&range, name, value);
        }
        faults.unless_in(&UNSENT_BYTES, "unsent_bytes_max", self.unsent_bytes_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn what_can_not_work_is_named() {
        let config = Config { ttl_ms: 0, tick_ms: u64::MAX, sessions_max: 0, ..Config::default() };
        let told = config.validate().expect_err("it can't work").to_string();
        for name in ["ttl_ms must be from 1000", "tick_ms must", "sessions_max must be from 1 to"] {
            assert!(told.contains(name), "{told}");
        }
    }
}
