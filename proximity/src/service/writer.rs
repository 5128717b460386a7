use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::core::catalogue::command::{Order, Outcome};
use crate::core::limits::Limits;
use crate::error::Error;
use crate::metrics::{COMMIT_DURATION, COMMIT_ORDERS, ORDERS};
use crate::store::{BATCH_MAX, Store};
use model::ReadToken;

/// Orders that wait for the store at a time; whoever comes then waits for a place.
pub const ORDERS_WAITING_MAX: usize = 4_096;
/// How long an order waits for a place before it is refused as unavailable.
pub const ORDER_WAIT_MAX: Duration = Duration::from_secs(5);

/// What was written, and what a read must include to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What the order did.
    pub outcome: Outcome,
    /// The state that has it.
    pub as_of: ReadToken,
}

/// The way to the task that commits: it takes whatever waits, up to [`BATCH_MAX`], into one transaction, so that one
/// fsync serves all who came while the last one ran.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    inbox: mpsc::Sender<Waiting>,
}

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Result<Written, Error>>,
}

impl Writer {
    /// Starts the task; it ends when the last clone of the writer is gone and all that waited is committed.
    pub(crate) fn start(store: Arc<dyn Store>, limits: Limits) -> Self {
        let (inbox, waiting) = mpsc::channel(ORDERS_WAITING_MAX);
        tokio::spawn(run(store, limits, waiting));
        Self { inbox }
    }

    /// Hands an order in and waits until it is durable. If the caller gives up waiting, it may still happen.
    pub(crate) async fn submit(&self, order: Order) -> Result<Written, Error> {
        let (answer, answered) = oneshot::channel();
        let name = order.command.as_str();
        let gone = || Error::Internal("the task that commits has stopped".to_owned());
        match self.inbox.send_timeout(Waiting { order, answer }, ORDER_WAIT_MAX).await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Err(gone()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                return Err(Error::Unavailable("too many changes are waiting".to_owned()));
            }
        }
        let result = answered.await.unwrap_or_else(|_| Err(gone()));
        let label = match &result {
            Ok(written) => written.outcome.effect.as_str(),
            Err(Error::Refused(_)) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!(ORDERS, "command" => name, "result" => label).increment(1);
        result
    }

    /// Completes when the task has stopped, which it does by itself only by a fault.
    pub(crate) async fn stopped(&self) {
        self.inbox.closed().await;
    }
}

async fn run(store: Arc<dyn Store>, limits: Limits, mut inbox: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        let (orders, answers): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.order, waiting.answer)).unzip();
        metrics::histogram!(COMMIT_ORDERS).record(orders.len() as f64);
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let applied = store.apply(orders, limits).await;
        metrics::histogram!(COMMIT_DURATION).record(started.elapsed().as_secs_f64());
        // Who gave up waiting is not told: hence the ignored results.
        match applied {
            Ok(applied) => {
                for (answer, outcome) in answers.into_iter().zip(applied.outcomes) {
                    let written = outcome.map(|outcome| Written { outcome, as_of: applied.as_of });
                    let _ = answer.send(written.map_err(Error::Refused));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}
