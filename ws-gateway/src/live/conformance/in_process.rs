use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{Clock, ManualClock, SeededRandom};

use super::{Backend, standing_clock};
use crate::live::embedded::Embedded;
use crate::live::{FixLimit, Live, Sink};

/// The embedded bus and store, on a clock that cases move.
pub struct InProcess {
    clock: Arc<ManualClock>,
    embedded: Embedded,
}

impl InProcess {
    /// Empty.
    #[expect(
        clippy::new_without_default,
        reason = "each is a world of its own, not a neutral value"
    )]
    pub fn new() -> Self {
        let clock = standing_clock();
        let embedded = Embedded::new(
            clock.clone() as Arc<dyn Clock>,
            &SeededRandom::new(1),
            FixLimit::default(),
        );
        Self { clock, embedded }
    }
}

impl Backend for InProcess {
    fn attach(&self, sink: Arc<dyn Sink>) -> BoxFuture<'_, Arc<dyn Live>> {
        Box::pin(std::future::ready(self.embedded.attach(sink)))
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    fn pass_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        self.clock.advance_ms(ms);
        Box::pin(std::future::ready(()))
    }
}
