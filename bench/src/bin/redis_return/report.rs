use std::time::Duration;

use serde_json::json;

/// Connections to the server that aren't the gateways': one that looks whether it listens, one that asks for figures.
const CONNECTIONS_OF_OURS: i64 = 2;

/// What was measured.
pub(crate) struct Report(serde_json::Value);

impl Report {
    /// Of how long each gateway took from the server's return on, and what the server says of itself (INFO).
    pub(crate) fn new(
        whole_after: &[Duration],
        subscriptions: usize,
        told: usize,
        faults: usize,
        info: &str,
    ) -> Self {
        let mut seconds: Vec<f64> = whole_after.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let field = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|value| value.trim().parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        let connections = field("total_connections_received") as i64 - CONNECTIONS_OF_OURS;
        let needed = 2 * whole_after.len() as i64;
        Self(json!({
            "gateways": whole_after.len(),
            "subscriptions_each": subscriptions,
            "whole_after_s": {
                "first": seconds.first(),
                "median": seconds.get(seconds.len() / 2),
                "last": seconds.last(),
            },
            "channels_with_gap": told,
            "gateways_with_fault_at_the_end": faults,
            "connections_given_up": connections - needed,
            "redis_cpu_s": field("used_cpu_user") + field("used_cpu_sys"),
            "redis_bytes": field("used_memory"),
        }))
    }

    pub(crate) fn to_json(&self) -> String {
        format!("{:#}", self.0)
    }
}
