//! What operators see of each Redis server. The label `shard` is its name in the configuration.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

api::metric_table! {
    /// Whether a Redis server is connected and delivers (1) or not (0), by shard.
    Gauge UP = "whereabouts_redis_up";
    /// Slots of the shard map that a Redis server holds, by shard.
    Gauge SLOTS = "whereabouts_redis_slots";
    /// Channels that this gateway is subscribed to, by shard.
    Gauge SUBSCRIPTIONS = "whereabouts_redis_subscriptions";
    /// Positions that this gateway has cached and published, by shard.
    Counter PUBLISHED = "whereabouts_redis_published_total";
    /// Positions of other gateways that a Redis server has delivered to this gateway, by shard.
    Counter DELIVERED = "whereabouts_redis_delivered_total";
    /// Messages of a Redis server that aren't what gateways of this version say to each other, by shard.
    Counter UNREADABLE = "whereabouts_redis_unreadable_total";
    /// Times the connections to a Redis server had to be made anew, by shard.
    Counter RECONNECTS = "whereabouts_redis_reconnects_total";
    /// How far this process' calendar is ahead of a Redis server's, seconds, by shard.
    Gauge CLOCK_OFFSET = "whereabouts_redis_clock_offset_seconds";
    /// From publishing a probe to hearing it, by shard.
    Histogram LAG = "whereabouts_redis_lag_seconds";
}

/// The handles of one shard.
#[derive(Clone)]
pub(super) struct ShardMetrics {
    pub(super) up: Gauge,
    pub(super) subscriptions: Gauge,
    pub(super) published: Counter,
    pub(super) delivered: Counter,
    pub(super) unreadable: Counter,
    pub(super) reconnects: Counter,
    pub(super) lag: Histogram,
    pub(super) clock_offset: Gauge,
}

impl ShardMetrics {
    pub(super) fn new(shard: &str, slots: usize) -> Self {
        let shard = shard.to_owned();
        gauge!(SLOTS, "shard" => shard.clone()).set(slots as f64);
        Self {
            up: gauge!(UP, "shard" => shard.clone()),
            subscriptions: gauge!(SUBSCRIPTIONS, "shard" => shard.clone()),
            published: counter!(PUBLISHED, "shard" => shard.clone()),
            delivered: counter!(DELIVERED, "shard" => shard.clone()),
            unreadable: counter!(UNREADABLE, "shard" => shard.clone()),
            reconnects: counter!(RECONNECTS, "shard" => shard.clone()),
            clock_offset: gauge!(CLOCK_OFFSET, "shard" => shard.clone()),
            lag: histogram!(LAG, "shard" => shard),
        }
    }
}
