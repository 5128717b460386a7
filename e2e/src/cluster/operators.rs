//! What operators see of the gateways.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Cluster;
use crate::DEADLINE;
use crate::rest::{self, Answer};

/// How often it is looked whether gateways are ready.
const LOOK: Duration = Duration::from_millis(20);

impl Cluster {
    /// What a gateway answers to `/ready`.
    pub async fn ready(&self, gateway: usize) -> Answer {
        rest::request(self.address(gateway), "GET", "/ready", None, None).await
    }

    /// Waits until every gateway that is there is ready.
    pub async fn until_ready(&self) {
        let there = (0..self.gateways.len()).filter(|n| self.gateways[*n].process.is_some());
        for gateway in there {
            self.until_ready_is(gateway, |parts| parts.values().all(|works| *works == true)).await;
        }
    }

    /// Waits until the parts of a gateway, as `/ready` names them, are so.
    pub async fn until_ready_is(
        &self,
        gateway: usize,
        condition: impl Fn(&serde_json::Map<String, Value>) -> bool,
    ) -> Answer {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let answer = self.ready(gateway).await;
            if answer.json["parts"].as_object().is_some_and(&condition) {
                return answer;
            }
            assert!(Instant::now() < deadline, "gateway {gateway} never comes to that: {answer:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What a gateway measures of a Redis server; of a histogram ask for its `_count`.
    pub async fn metric(&self, gateway: usize, name: &str, shard: usize) -> f64 {
        let page = self.gateways[gateway].process().metrics().await;
        let line = format!("{name}{{shard=\"redis-{shard}\"}} ");
        let value = page.lines().find_map(|text| text.strip_prefix(&line));
        let value = value.unwrap_or_else(|| panic!("{line}isn't told"));
        value.parse().expect("a number")
    }
}
