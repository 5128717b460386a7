use api::AllowedOrigins;
use serde::{Deserialize, Serialize};

use crate::session::limits::Limits;

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
    pub fn validate(&self) -> Result<(), String> {
        let rules = [
            ((1_000..=86_400_000).contains(&self.ttl_ms), "ttl_ms must be from 1000 to 86400000"),
            ((1..=1_000).contains(&self.tick_ms), "tick_ms must be from 1 to 1000"),
            (self.ping_interval_ms >= 100, "ping_interval_ms must be at least 100"),
            (self.auth_timeout_ms >= 100, "auth_timeout_ms must be at least 100"),
            (
                (1_024..=1_048_576).contains(&self.message_bytes_max),
                "message_bytes_max must be from 1024 to 1048576",
            ),
            (
                self.fixes_per_s > 0 && self.messages_per_s > 0 && self.bytes_per_s > 0,
                "fixes_per_s, messages_per_s and bytes_per_s must be at least 1",
            ),
            (
                self.fixes_burst as usize >= self.batch_fixes_max && self.batch_fixes_max > 0,
                "fixes_burst must be at least batch_fixes_max, and that at least 1",
            ),
            (
                self.bytes_burst as usize >= self.message_bytes_max,
                "bytes_burst must be at least message_bytes_max",
            ),
            (
                (1..=1_000).contains(&self.changes_per_message_max),
                "changes_per_message_max must be from 1 to 1000",
            ),
            (self.boards_max <= 16, "boards_max must be from 0 to 16"),
            (
                self.stuck_close_ms > self.stuck_degrade_ms,
                "stuck_close_ms must be greater than stuck_degrade_ms",
            ),
            (
                self.admissions_per_s > 0 && self.admissions_burst > 0,
                "admissions_per_s and admissions_burst must be at least 1",
            ),
            (self.watches_burst > 0, "watches_burst must be at least 1"),
            (self.drain_sessions_per_s > 0, "drain_sessions_per_s must be at least 1"),
            (self.unsent_bytes_max >= 4_096, "unsent_bytes_max must be at least 4096"),
        ];
        if let Some((_, rule)) = rules.iter().find(|(holds, _)| !holds) {
            return Err((*rule).to_owned());
        }
        let origins = AllowedOrigins::parse(&self.allowed_origins);
        origins.map(|_| ()).map_err(|why| format!("allowed_origins: {why}"))
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
        let config = Config { ttl_ms: 0, ..Config::default() };
        assert!(config.validate().is_err_and(|e| e.contains("ttl_ms")));
    }
}
