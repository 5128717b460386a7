use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use model::{ErrorChain, RetryAfterMs};
use tokio::time::sleep;

use super::gate::Streaming;
use super::overspent::RETRY_MS;
use super::{Overspent, Work};
use crate::Problem;

/// The most answers of one caller at a time that are made while they are sent.
pub const STREAMS_PER_CALLER_MAX: usize = 16;
/// How long a part of an answer waits for the caller's other requests and those of others before the answer breaks off,
/// milliseconds.
const WAIT_MS_MAX: u64 = 60_000;

/// A part of an answer that is made while it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodyPart {
    /// What is sent; it may be empty.
    pub bytes: Vec<u8>,
    /// What it cost to make, as [`Work::spend`] has it.
    pub cost: u64,
}

/// The body of an answer that is made while it is sent, however long the client takes.
///
/// A part is asked for when the one before was taken: so what is in memory is one part, and what the kernel has. Each is charged to
/// the caller; where a request would be refused for what was spent, the next part waits. Other requests have their turns
/// while the client is waited for. Refused is only a caller who has [`STREAMS_PER_CALLER_MAX`] such answers under way.
///
/// An error breaks the answer off, in the middle of a chunk by HTTP/1.1's rules, so the client sees that it isn't whole. It is logged.
pub fn streamed(
    work: Work,
    parts: impl Stream<Item = Result<BodyPart, Problem>> + Send + 'static,
) -> Result<Body, Overspent> {
    let (work, parts) = (StreamedWork::new(work)?, Box::pin(parts));
    let made = stream::try_unfold((work, parts), |(mut work, mut parts)| async move {
        loop {
            work.resume().await?;
            let Some(BodyPart { bytes, cost }) = parts.next().await.transpose()? else {
                return Ok::<_, Problem>(None);
            };
            work.spend(cost).await?;
            if !bytes.is_empty() {
                return Ok(Some((Bytes::from(bytes), (work, parts))));
            }
        }
    });
    Ok(Body::from_stream(made.map_err(BrokenOff).inspect_err(|broken| {
        let BrokenOff(problem) = broken;
        let cause = problem.cause().map(|cause| tracing::field::display(ErrorChain(cause)));
        tracing::warn!(code = problem.code(), cause, "an answer breaks off");
    })))
}

/// An answer can't go on.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off: {}", .0.detail())]
struct BrokenOff(Problem);

/// Work without the deadline of a request.
struct StreamedWork {
    // Before the work, with which the line may go that this is counted in.
    _streaming: Option<Streaming>,
    work: Work,
}

impl StreamedWork {
    fn new(work: Work) -> Result<Self, Overspent> {
        let spending = work.spending.as_ref();
        let streaming = spending.map(|it| it.presence.stream().ok_or(Overspent::Crowded));
        let mut streamed = Self { _streaming: streaming.transpose()?, work };
        streamed.restart();
        Ok(streamed)
    }

    /// Begins a part: waits while the caller is in debt.
    async fn resume(&mut self) -> Result<(), Overspent> {
        while let Some(spending) = &self.work.spending {
            let budgets = &spending.context.deps().budgets;
            match budgets.check(&spending.payer, spending.now(), 0) {
                Err(Overspent::InDebt(RetryAfterMs(ms))) => wait(ms).await,
                checked => return checked,
            }
        }
        Ok(())
    }

    /// Charges a part, and leaves the turn to others until the next one.
    async fn spend(&mut self, units: u64) -> Result<(), Overspent> {
        self.restart();
        let mut spent = self.work.spend(units).await;
        let mut waited_ms = 0;
        while let Err(overspent) = spent {
            let ms = match overspent {
                Overspent::InDebt(RetryAfterMs(ms)) => ms,
                Overspent::Crowded | Overspent::Busy => RETRY_MS,
                Overspent::TooExpensive { .. } => return spent,
            };
            if waited_ms >= WAIT_MS_MAX {
                return spent;
            }
            wait(ms).await;
            waited_ms += ms.max(1);
            self.restart();
            spent = self.work.take_turn().await;
        }
        self.restart();
        Ok(())
    }

    /// Lets go of the turn, and counts the time from here.
    fn restart(&mut self) {
        if let Some(spending) = &mut self.work.spending {
            spending.turn = None;
            spending.waited_ms = 0;
            spending.started = spending.now();
        }
    }
}

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms.max(1))).await;
}
