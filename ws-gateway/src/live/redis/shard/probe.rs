use redis::{Pipeline, Value};
use tokio::time::Instant;

use super::super::requests;
use super::{Connections, ShardTask};
use crate::live::Error;

impl ShardTask {
    /// Sends messages to ourselves by the way that positions take, until one doesn't arrive: a connection may live while
    /// nothing comes through it.
    pub(super) async fn probe(&self, connections: &Connections) -> Error {
        for number in 1_u64.. {
            let sent = Instant::now();
            if let Err(fault) = self.probe_once(connections, number).await {
                return fault;
            }
            let lag = sent.elapsed();
            connections.limit.answered_in(lag);
            self.metrics.lag.record(lag.as_secs_f64());
            tokio::time::sleep_until(sent + self.deps.probe_interval).await;
        }
        unreachable!("numbers don't end in the lifetime of a process")
    }

    async fn probe_once(&self, connections: &Connections, number: u64) -> Result<(), Error> {
        let codec = &self.deps.codec;
        let endpoint = &codec.endpoint;
        let sent = codec.clock.now().monotonic;
        let mut pipeline = Pipeline::new();
        // First: what was told before this is read comes before the probe.
        pipeline.cmd("GET").arg(endpoint.mark_key());
        pipeline.cmd("PUBLISH").arg(endpoint.probe_channel(codec.origin)).arg(number);
        pipeline.cmd("PEXPIRE").arg(endpoint.map_key()).arg(endpoint.map_remembered_ms);
        pipeline.cmd("TIME");
        let asked = codec.clock.now();
        let answers = connections.run(pipeline).await?;
        let answered = codec.clock.now();
        if let Some(server_ms) = answers.last().and_then(unix_ms) {
            let round_trip_ms = answered.monotonic.since_ms(asked.monotonic);
            let offset_ms = answered.wall.0 - (round_trip_ms / 2) as i64 - server_ms;
            *self.status.clock_offset_ms.lock() = Some(offset_ms);
            self.metrics.clock_offset.set(offset_ms as f64 / 1_000.0);
        }
        connections.heard(number, self.deps.probe_timeout).await?;
        let mark = answers.first().and_then(requests::as_of);
        self.status.feed.probed(sent, mark);
        Ok(())
    }
}

/// What `TIME` answers, as Unix milliseconds.
fn unix_ms(time: &Value) -> Option<i64> {
    let (seconds, microseconds): (i64, i64) = redis::from_redis_value_ref(time).ok()?;
    seconds.checked_mul(1_000)?.checked_add(microseconds / 1_000)
}
