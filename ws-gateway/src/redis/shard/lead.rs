use std::time::Duration;

use redis::{Pipeline, Value};

use super::super::requests::Fault;
use super::{Keeper, Link};
use crate::port::LEAD_LEASE_MS;

/// The script by which a gateway leads a server.
const LEAD: &str = include_str!("../lead.lua");

/// How often a gateway asks to lead a server, milliseconds, and the spread of that.
const ASK_MS: u64 = 200;
const SPREAD_MS: u64 = 50;

impl Keeper {
    /// Asks again and again to lead the server, until something breaks: one of all gateways does.
    pub(super) async fn lead(&self, link: &Link) -> Fault {
        let wire = &self.parts.wire;
        loop {
            if self.status.may_lead() {
                let asked = wire.clock.now().monotonic;
                let mut pipeline = Pipeline::new();
                pipeline.cmd("EVAL").arg(LEAD).arg(1).arg(wire.place.lead_key());
                pipeline.arg(format!("{:016x}", wire.origin)).arg(LEAD_LEASE_MS);
                let answers = match link.run(&pipeline).await {
                    Ok(answers) => answers,
                    Err(fault) => return fault,
                };
                let leads = matches!(answers.first(), Some(Value::Int(1)));
                self.status.hearing.leads(asked, leads.then_some(LEAD_LEASE_MS));
            }
            let pause_ms = ASK_MS + self.parts.random.next_u64() % SPREAD_MS;
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
    }
}
