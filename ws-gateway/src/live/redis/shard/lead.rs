use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::{Pipeline, Value};

use super::{Connections, ShardTask};
use crate::live::Error;
use crate::live::LEAD_LEASE_MS;

/// The script by which a gateway leads a server.
const LEAD: &str = include_str!("../scripts/lead.lua");

/// How often the gateway that leads a server asks to go on with that, milliseconds, and the spread of that.
const ASK_MS: u64 = 200;
const SPREAD_MS: u64 = 50;

/// So many gateways ask that often. Of more each asks the more rarely, so that all together ask about as often, and one
/// of them soon after the one that led is gone.
const OFTEN_MAX: u64 = 8;
const SPREAD_MS_MAX: u64 = 10_000;

/// How long a gateway waits before it asks again, milliseconds.
fn pause_ms(leads: bool, gateways: u64, random: u64) -> u64 {
    let share = if leads { 1 } else { gateways.saturating_sub(OFTEN_MAX) + 1 };
    ASK_MS + random % SPREAD_MS.saturating_mul(share).min(SPREAD_MS_MAX)
}

impl ShardTask {
    /// Asks again and again to lead the server, until something breaks: one of all gateways does.
    pub(super) async fn lead(&self, connections: &Connections) -> Error {
        let codec = &self.deps.codec;
        let endpoint = &codec.endpoint;
        loop {
            let (mut leads, mut gateways) = (false, 0);
            if !self.status.declines.load(Ordering::Acquire) {
                let asked = codec.clock.now().monotonic;
                let mut pipeline = Pipeline::new();
                pipeline.cmd("EVAL").arg(LEAD).arg(1).arg(endpoint.lead_key());
                pipeline.arg(format!("{:016x}", codec.origin)).arg(LEAD_LEASE_MS);
                pipeline.cmd("PUBSUB").arg("NUMSUB").arg(endpoint.gateways_channel());
                let answers = match connections.run(pipeline).await {
                    Ok(answers) => answers,
                    Err(fault) => return fault,
                };
                leads = matches!(answers.first(), Some(Value::Int(1)));
                gateways = answers.get(1).map_or(0, subscribers);
                self.status.feed.leads(asked, leads.then_some(LEAD_LEASE_MS));
            }
            let pause_ms = pause_ms(leads, gateways, self.deps.random.next_u64());
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
    }
}

/// How many listen to the one channel that was asked for.
fn subscribers(answer: &Value) -> u64 {
    let counted: Result<(Value, u64), _> = redis::from_redis_value_ref(answer);
    counted.map_or(0, |(_, count)| count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_gateways_there_are_they_ask_about_as_often_together() {
        for gateways in [1, 8] {
            assert!((0..500).all(|random| (200..250).contains(&pause_ms(false, gateways, random))));
        }
        assert!((0..500).all(|random| pause_ms(true, 1_000, random) < 250), "who leads goes on");
        let mean_ms =
            |gateways| (0..20_000).map(|n| pause_ms(false, gateways, n)).sum::<u64>() / 20_000;
        for gateways in [20_u64, 100, 200] {
            let asked_per_s = gateways * 1_000 / mean_ms(gateways);
            assert!((20..80).contains(&asked_per_s), "{gateways}: {asked_per_s}");
        }
        assert!(pause_ms(false, u64::MAX, 9_999) < 10_300);
    }
}
