use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::metrics::{COMMANDS, COMMIT_COMMANDS, COMMIT_DURATION};
use crate::{Applied, BATCH_MAX, Error, Limits, Order, Outcome, Store};

/// Commands that wait for the store at a time; whoever comes then waits for a place.
pub const COMMANDS_WAITING_MAX: usize = 4_096;
/// How long a command waits for a place before it is refused as unavailable.
pub const COMMAND_WAIT_MAX: Duration = Duration::from_secs(5);

/// The way to the task that commits: it takes whatever waits, up to [`BATCH_MAX`], into one transaction, so that one
/// fsync serves all who came while the last one ran.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    inbox: mpsc::Sender<Waiting>,
}

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Result<Outcome, Error>>,
}

impl Writer {
    /// Starts the task; it ends when the last clone of the writer is gone and all that waited is committed.
    pub(crate) fn start(store: Arc<dyn Store>, limits: Limits) -> Self {
        let (inbox, waiting) = mpsc::channel(COMMANDS_WAITING_MAX);
        tokio::spawn(run(store, limits, waiting));
        Self { inbox }
    }

    /// Hands an order in and waits until it is durable. If the caller gives up waiting, it may still happen.
    pub(crate) async fn submit(&self, order: Order) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        let name = order.command.as_str();
        let full = |_| Error::Unavailable("too many changes are waiting".to_owned());
        let gone = || Error::Internal("the task that commits has stopped".to_owned());
        let sent = self.inbox.send_timeout(Waiting { order, answer }, COMMAND_WAIT_MAX);
        match sent.await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Err(gone()),
            Err(timeout @ mpsc::error::SendTimeoutError::Timeout(_)) => return Err(full(timeout)),
        }
        let result = answered.await.unwrap_or_else(|_| Err(gone()));
        metrics::counter!(COMMANDS, "command" => name, "result" => label(&result)).increment(1);
        result
    }

    /// Completes when the task has stopped, which it does by itself only by a fault.
    pub(crate) async fn stopped(&self) {
        self.inbox.closed().await;
    }
}

fn label(result: &Result<Outcome, Error>) -> &'static str {
    match result {
        Ok(Outcome::Created) => "created",
        Ok(Outcome::Changed) => "changed",
        Ok(Outcome::Unchanged) => "unchanged",
        Err(Error::Refused(_)) => "refused",
        Err(_) => "failed",
    }
}

async fn run(store: Arc<dyn Store>, limits: Limits, mut inbox: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        let (orders, answers): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.order, waiting.answer)).unzip();
        metrics::histogram!(COMMIT_COMMANDS).record(orders.len() as f64);
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let applied = store.apply(orders, limits).await;
        metrics::histogram!(COMMIT_DURATION).record(started.elapsed().as_secs_f64());
        // Who gave up waiting is not told: hence the ignored results.
        match applied {
            Ok(Applied { outcomes, mut published }) => {
                let answer_all = move || {
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        let _ = answer.send(outcome.map_err(Error::Refused));
                    }
                };
                if (&mut published).now_or_never().is_some() {
                    answer_all();
                } else {
                    // The next batch doesn't wait for it. There are few such tasks, since each ends soon.
                    tokio::spawn(async move {
                        published.await;
                        answer_all();
                    });
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
