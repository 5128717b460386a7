use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};

use tracing::Instrument;

use crate::StoreError;

/// The most requests in one batch.
pub const BATCH_MAX: usize = 256;
/// Requests that wait for the store at a time; whoever comes then waits for a place.
pub const WRITES_WAITING_MAX: usize = 4_096;
/// How long a request waits for a place before it is refused as unavailable.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(5);

/// Whose group commits they are, and the names of the histograms in which they are measured.
#[derive(Debug, Clone, Copy)]
pub struct CommitMetrics {
    /// The part, in logs.
    pub part: &'static str,
    /// How long one took, seconds.
    pub duration: &'static str,
    /// How many requests shared it.
    pub requests: &'static str,
}

/// What came of a batch.
pub struct Committed<A> {
    /// Each request's own answer, in the order of the requests.
    pub answers: Vec<A>,
    /// Awaited before anybody is answered, but not by the next batch.
    pub before_answers: BoxFuture<'static, ()>,
}

/// The way to the task that commits: it takes whatever waits, up to [`BATCH_MAX`], into one transaction, so that one
/// fsync serves all who came while the last one ran.
pub struct GroupCommit<R, A, E> {
    inbox: mpsc::Sender<Waiting<R, A, E>>,
}

struct Waiting<R, A, E> {
    request: R,
    answer: oneshot::Sender<Result<A, E>>,
}

impl<R, A, E> GroupCommit<R, A, E>
where
    R: Send + 'static,
    A: Send + 'static,
    E: From<StoreError> + Clone + Send + 'static,
{
    /// Starts the task, within a tokio runtime; it ends when this is gone and all that waited is committed. `commit` makes
    /// one transaction of a batch.
    pub fn start<F, W>(metrics: CommitMetrics, commit: F) -> Self
    where
        F: Fn(Vec<R>) -> W + Send + 'static,
        W: Future<Output = Result<Committed<Result<A, E>>, E>> + Send + 'static,
    {
        let (inbox, waiting) = mpsc::channel(WRITES_WAITING_MAX);
        let span = tracing::info_span!("group_commit", part = metrics.part);
        tokio::spawn(run(metrics, commit, waiting).instrument(span));
        Self { inbox }
    }

    /// Hands a request in and waits until it is durable. If the caller gives up waiting, it may still happen.
    pub async fn submit(&self, request: R) -> Result<A, E> {
        let (answer, answered) = oneshot::channel();
        let gone = || StoreError::internal("the task that commits has stopped").into();
        match self.inbox.send_timeout(Waiting { request, answer }, WRITE_WAIT_MAX).await {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(gone())),
            Err(SendTimeoutError::Closed(_)) => Err(gone()),
            Err(SendTimeoutError::Timeout(_)) => {
                Err(StoreError::unavailable("too many changes are waiting").into())
            }
        }
    }

    /// Completes when the task has stopped, which it does by itself only by a fault.
    pub async fn stopped(&self) {
        self.inbox.closed().await;
    }
}

async fn run<R, A, E, F, W>(
    metrics: CommitMetrics,
    commit: F,
    mut inbox: mpsc::Receiver<Waiting<R, A, E>>,
) where
    A: Send + 'static,
    E: Clone + Send + 'static,
    F: Fn(Vec<R>) -> W,
    W: Future<Output = Result<Committed<Result<A, E>>, E>>,
{
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        let (requests, senders): (Vec<R>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.request, waiting.answer)).unzip();
        metrics::histogram!(metrics.requests).record(requests.len() as f64);
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let committed = commit(requests).await;
        metrics::histogram!(metrics.duration).record(started.elapsed().as_secs_f64());
        match committed {
            Ok(Committed { answers, mut before_answers }) => {
                if (&mut before_answers).now_or_never().is_some() {
                    answer(senders, answers);
                } else {
                    // The next batch doesn't wait for it. There are few such tasks, since each ends soon.
                    tokio::spawn(async move {
                        before_answers.await;
                        answer(senders, answers);
                    });
                }
            }
            Err(error) => {
                let answers = vec![error; senders.len()];
                answer(senders, answers.into_iter().map(Err));
            }
        }
    }
}

/// Who gave up waiting is not told: hence the ignored results.
fn answer<T>(senders: Vec<oneshot::Sender<T>>, answers: impl IntoIterator<Item = T>) {
    for (sender, answer) in senders.into_iter().zip(answers) {
        let _ = sender.send(answer);
    }
}
