use redis::{Pipeline, Value};
use tokio::time::Instant;

use super::super::changes::parse_mark;
use super::super::requests::Fault;
use super::{Keeper, Link};

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
        pipeline.cmd("GET").arg(place.epoch_key());
        let answers = link.run(&pipeline).await?;
        if let Some(fault) = wire.lost_sense(&answers) {
            return Err(fault);
        }
        match answers.last() {
            Some(Value::BulkString(epoch)) if epoch == link.terms.epoch.as_bytes() => {}
            _ => return Err(wire.forgot()),
        }
        link.heard(number, self.parts.probe_timeout).await?;
        let mark = match answers.first() {
            Some(Value::BulkString(mark)) => std::str::from_utf8(mark).ok().and_then(parse_mark),
            _ => None,
        };
        self.status.hearing.probed(sent, mark);
        Ok(())
    }
}
