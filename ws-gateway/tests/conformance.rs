//! Every adapter against the one list of cases.

use std::sync::Arc;

use model::{Clock, ManualClock, SeededRandom};
use ws_gateway::conformance::{Backend, standing_clock};
use ws_gateway::conformance_tests;
use ws_gateway::embedded::Embedded;
use ws_gateway::port::{Async, Live, Sink};

struct InProcess {
    clock: Arc<ManualClock>,
    embedded: Embedded,
}

impl InProcess {
    fn new() -> Self {
        let clock = standing_clock();
        let embedded = Embedded::new(clock.clone() as Arc<dyn Clock>, &SeededRandom::new(1));
        Self { clock, embedded }
    }
}

impl Backend for InProcess {
    fn attach(&self, sink: Arc<dyn Sink>) -> Async<'_, Arc<dyn Live>> {
        Box::pin(std::future::ready(self.embedded.attach(sink)))
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    fn pass_ms(&self, ms: u64) -> Async<'_, ()> {
        self.clock.advance_ms(ms);
        Box::pin(std::future::ready(()))
    }
}

conformance_tests!(embedded, InProcess::new());
