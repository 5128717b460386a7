use redis::{Pipeline, Value};
use tokio::time::Instant;

use super::super::requests::Fault;
use super::{Keeper, Link};
use model::ReadToken;

impl Keeper {
    /// Sends messages to ourselves by the way that positions take, until one doesn't arrive: a connection may live while
    /// nothing comes through it.
    pub(super) async fn probe(&self, link: &Link) -> Fault {
        for number in 1_u64.. {
            let sent = Instant::now();
            if let Err(fault) = self.probe_once(link, number).await {
                return fault;
            }
            let lag = sent.elapsed();
            link.limit().answered_in(lag);
            self.metrics.lag.record(lag.as_secs_f64());
            tokio::time::sleep_until(sent + self.parts.probe_interval).await;
        }
        unreachable!("numbers don't end in the lifetime of a process")
    }

    async fn probe_once(&self, link: &Link, number: u64) -> Result<(), Fault> {
        let wire = &self.parts.wire;
        let place = &wire.place;
        let sent = wire.clock.now().monotonic;
        let mut pipeline = Pipeline::new();
        // First: what was told before this is read comes before the probe.
        pipeline.cmd("GET").arg(place.mark_key());
        pipeline.cmd("PUBLISH").arg(place.probe_channel(wire.origin)).arg(number);
        pipeline.cmd("PEXPIRE").arg(place.map_key()).arg(place.map_remembered_ms);
        pipeline.cmd("TIME");
        let asked = wire.clock.now();
        let answers = link.run(pipeline).await?;
        let answered = wire.clock.now();
        if let Some(server_ms) = answers.last().and_then(unix_ms) {
            let round_trip_ms = answered.monotonic.since_ms(asked.monotonic);
            let offset_ms = answered.wall.0 - (round_trip_ms / 2) as i64 - server_ms;
            self.status.set_clock_offset_ms(Some(offset_ms));
            self.metrics.clock_offset.set(offset_ms as f64 / 1_000.0);
        }
        link.heard(number, self.parts.probe_timeout).await?;
        let mark = match answers.first() {
            Some(Value::BulkString(mark)) => {
                std::str::from_utf8(mark).ok().and_then(ReadToken::parse)
            }
            _ => None,
        };
        self.status.hearing.probed(sent, mark);
        Ok(())
    }
}

/// What `TIME` answers, as Unix milliseconds.
fn unix_ms(time: &Value) -> Option<i64> {
    let Value::Array(parts) = time else { return None };
    let number = |part: &Value| match part {
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse::<i64>().ok(),
        _ => None,
    };
    let (seconds, microseconds) = (number(parts.first()?)?, number(parts.get(1)?)?);
    seconds.checked_mul(1_000)?.checked_add(microseconds / 1_000)
}
