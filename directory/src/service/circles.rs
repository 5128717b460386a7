use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::{ReadToken, UserId};
use sql::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tracing::Instrument;

use crate::metrics::{CIRCLE_READS, CIRCLES};
use crate::{BATCH_MAX, Error, Store, StoredCircle};

/// Readings of circles that wait at a time; more are refused as unavailable.
pub const CIRCLES_WAITING_MAX: usize = 16_384;
/// How long a reading of a circle may take, with its waiting, before it is given up as unavailable.
pub const CIRCLE_WAIT_MAX: Duration = Duration::from_secs(10);

/// What is read of one user.
type Read = Result<(ReadToken, StoredCircle), Error>;

/// The way to the task that reads circles: whatever waits while statements are under way, up to [`BATCH_MAX`] users, goes
/// together into the next one. So many sessions that begin at once cost a few round trips, not one each.
#[derive(Debug, Clone)]
pub(crate) struct CircleReader {
    inbox: mpsc::Sender<Waiting>,
}

struct Waiting {
    user: UserId,
    answer: oneshot::Sender<Read>,
}

impl CircleReader {
    /// Starts the task; it ends when the last clone of the reader is gone.
    pub(crate) fn start(store: Arc<dyn Store>) -> Self {
        let (inbox, waiting) = mpsc::channel(CIRCLES_WAITING_MAX);
        tokio::spawn(run(store, waiting).instrument(tracing::info_span!("circle_reader")));
        Self { inbox }
    }

    /// The user's circle as it is after this was called.
    pub(crate) async fn read(&self, user: UserId) -> Read {
        let (answer, answered) = oneshot::channel();
        self.inbox.try_send(Waiting { user, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::unavailable("too many circles are being read")
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        match timeout(CIRCLE_WAIT_MAX, answered).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(stopped().into())),
            Err(_) => Err(StoreError::unavailable(format!(
                "a circle isn't read within {} ms",
                CIRCLE_WAIT_MAX.as_millis()
            ))
            .into()),
        }
    }
}

fn stopped() -> StoreError {
    StoreError::internal("the task that reads circles has stopped")
}

async fn run(store: Arc<dyn Store>, mut inbox: mpsc::Receiver<Waiting>) {
    let permits = Arc::new(Semaphore::new(store.circle_reads_max()));
    // The permit first: what comes while all statements are under way goes into the next one.
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        if inbox.recv_many(&mut waiting, BATCH_MAX).await == 0 {
            return;
        }
        tokio::spawn(read_all(Arc::clone(&store), waiting, permit));
    }
}

async fn read_all(store: Arc<dyn Store>, waiting: Vec<Waiting>, _permit: OwnedSemaphorePermit) {
    let mut answers: BTreeMap<UserId, Vec<oneshot::Sender<Read>>> = BTreeMap::new();
    // Who gave up waiting isn't read for.
    for Waiting { user, answer } in waiting.into_iter().filter(|one| !one.answer.is_closed()) {
        answers.entry(user).or_default().push(answer);
    }
    if answers.is_empty() {
        return;
    }
    let users: Vec<UserId> = answers.keys().cloned().collect();
    metrics::counter!(CIRCLE_READS).increment(1);
    metrics::counter!(CIRCLES).increment(users.len() as u64);
    let read = store.circles(&users).await;
    match read {
        Ok((as_of, circles)) => {
            for (answers, circle) in answers.into_values().zip(circles) {
                answer_all(answers, &Ok((as_of, circle)));
            }
        }
        Err(error) => answers.into_values().for_each(|all| answer_all(all, &Err(error.clone()))),
    }
}

fn answer_all(answers: Vec<oneshot::Sender<Read>>, read: &Read) {
    for answer in answers {
        // Who gave up waiting is not told: hence the ignored result.
        let _ = answer.send(read.clone());
    }
}
