//! One server of the map, as one gateway uses it: a task that keeps two connections alive, one for commands and one to
//! hear on, and that makes good what a break may have lost before it says so.

mod connections;
pub(super) mod inbox;
mod lead;
mod probe;
mod recovery;
mod silence;
mod subscriber;
mod subscription_set;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use metrics::Counter;
use model::{ErrorChain, Random};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::feed_status::FeedStatus;
use super::metrics::ShardMetrics;
use super::requests::{Codec, Request};
use crate::live::positions::Positions;
use crate::live::{Channel, Error, Sink};
pub(super) use connections::Connections;
use inbox::{Inbox, WAITING_MAX};
use subscription_set::SubscriptionSet;

/// How long to wait before connecting again, at first and at most, milliseconds. The most is well below
/// [`super::Config::settle_ms`], so that every gateway is back before anybody may read; each wait is spread over its
/// upper half, so that a thousand gateways don't come back in the same moment.
const BACKOFF_MS: (u64, u64) = (50, 500);

/// A shard, as the rest of the gateway sees it. The task ends when this is dropped.
pub(super) struct Shard {
    subscriptions: Arc<SubscriptionSet>,
    pub(super) status: Arc<Status>,
    /// What this gateway has announced here and still holds, for a server that loses its memory.
    pub(super) local_positions: Arc<Positions>,
    pub(super) published: Counter,
    requests: mpsc::Sender<Request>,
    patience: Duration,
    name: String,
    _task: AbortOnDropHandle<()>,
}

/// How a shard does: written by its task, but for [`Status::declines`].
#[derive(Default)]
pub(super) struct Status {
    /// What keeps it from working.
    pub(super) fault: Mutex<Option<Error>>,
    /// The name of what the server remembers.
    pub(super) epoch: Mutex<String>,
    /// What is heard of changes of circles.
    pub(super) feed: FeedStatus,
    /// Whether this gateway can't read the feed, and leaves it to others to lead.
    pub(super) declines: AtomicBool,
    /// Whether gateways with another shard map work there.
    pub(super) has_other_map: AtomicBool,
    /// How far our calendar is ahead of the server's, milliseconds, if it answers.
    pub(super) clock_offset_ms: Mutex<Option<i64>>,
}

/// What a shard is made of.
pub(super) struct Deps {
    pub(super) codec: Codec,
    pub(super) random: Arc<dyn Random>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) epoch: String,
    pub(super) slots: usize,
    pub(super) patience: Duration,
    pub(super) probe_interval: Duration,
    pub(super) probe_timeout: Duration,
}

impl Shard {
    /// Starts the task, within a tokio runtime.
    pub(super) fn start(deps: Deps) -> Self {
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let subscriptions = Arc::new(SubscriptionSet::default());
        let status = Arc::new(Status {
            fault: Mutex::new(Some(Error::unavailable("connecting"))),
            epoch: Mutex::new(deps.epoch.clone()),
            ..Status::default()
        });
        let local_positions = Arc::new(Positions::new(deps.codec.clock.clone()));
        let name = deps.codec.endpoint.name().to_owned();
        let task = ShardTask {
            metrics: ShardMetrics::new(&name, deps.slots),
            subscriptions: subscriptions.clone(),
            status: status.clone(),
            local_positions: local_positions.clone(),
            deps,
        };
        let (patience, published) = (task.deps.patience, task.metrics.published.clone());
        let span = tracing::info_span!("redis_shard", shard = name);
        let task =
            AbortOnDropHandle::new(tokio::spawn(task.run(Inbox::new(waiting)).instrument(span)));
        Self {
            subscriptions,
            status,
            local_positions,
            published,
            requests,
            patience,
            name,
            _task: task,
        }
    }

    /// Asks the server, and waits a while if it is away.
    pub(super) async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let asking = async {
            self.requests.send(request(answer)).await.ok()?;
            answered.await.ok()
        };
        match tokio::time::timeout(self.patience, asking).await {
            Ok(Some(answer)) => answer,
            _ => Err(away(&self.name, &self.status)),
        }
    }

    /// Asks to hear channels, and completes when the server has confirmed; waits a while if it is away.
    pub(super) fn subscribe(
        &self,
        channels: Vec<Channel>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let confirmed = self.subscriptions.subscribe(channels);
        let (patience, name, status) = (self.patience, self.name.clone(), self.status.clone());
        async move {
            let in_time = tokio::time::timeout(patience, confirmed).await;
            in_time.map_err(|_| away(&name, &status))
        }
    }

    /// Asks not to hear channels any more.
    pub(super) fn unsubscribe(&self, channels: Vec<Channel>) {
        self.subscriptions.unsubscribe(channels);
    }
}

fn away(name: &str, status: &Status) -> Error {
    match &*status.fault.lock() {
        Some(error) => error.clone(),
        None => Error::unavailable(format!("redis {name}: it doesn't answer in time")),
    }
}

/// The task.
struct ShardTask {
    deps: Deps,
    metrics: ShardMetrics,
    subscriptions: Arc<SubscriptionSet>,
    status: Arc<Status>,
    local_positions: Arc<Positions>,
}

/// What came of earlier connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Past {
    /// There was none.
    Nothing,
    /// One was tried or lost, and perhaps with it what was written.
    Lost,
    /// Besides, somebody was told that nothing will be missed.
    Promised,
}

impl ShardTask {
    async fn run(self, mut inbox: Inbox) {
        let (mut backoff_ms, mut past) = (BACKOFF_MS.0, Past::Nothing);
        loop {
            let fault = match self.connect(past).await {
                Ok((connections, settling)) => {
                    backoff_ms = BACKOFF_MS.0;
                    let fault = self.serve(&connections, settling, &mut past, &mut inbox).await;
                    self.status.feed.lost();
                    self.metrics.up.set(0.0);
                    self.metrics.reconnects.increment(1);
                    fault
                }
                Err(fault) => fault,
            };
            past = past.max(Past::Lost);
            *self.status.clock_offset_ms.lock() = None;
            self.report(&fault);
            *self.status.fault.lock() = Some(fault);
            let spread_ms = self.deps.random.next_u64() % backoff_ms;
            tokio::time::sleep(Duration::from_millis(backoff_ms / 2 + spread_ms / 2)).await;
            backoff_ms = (backoff_ms * 2).min(BACKOFF_MS.1);
        }
    }

    /// Says why the server is lost, once for all tries that fail for the same reason.
    fn report(&self, fault: &Error) {
        let error = ErrorChain(fault).to_string();
        let known = self.status.fault.lock().as_ref().map(|known| ErrorChain(known).to_string());
        if known.is_none_or(|known| known != error) {
            tracing::warn!(error, "a Redis server is lost; connecting again");
        } else {
            tracing::debug!(error, "a Redis server is still lost");
        }
    }

    /// Until something breaks. What is to be written is taken at once, what is to be read once the server may be read.
    async fn serve(
        &self,
        connections: &Connections,
        settling: Duration,
        past: &mut Past,
        inbox: &mut Inbox,
    ) -> Error {
        let may_read = watch::Sender::new(false);
        let hearing = async {
            match self.recover(connections, settling, past, &may_read).await {
                Ok(()) => {}
                Err(fault) => return fault,
            }
            tokio::select! {
                fault = self.keep_subscribed(connections) => fault,
                fault = self.probe(connections) => fault,
                fault = self.lead(connections) => fault,
            }
        };
        tokio::select! {
            fault = inbox.serve(&self.deps.codec, connections, may_read.subscribe()) => fault,
            fault = hearing => fault,
            () = connections.subscriber.broken() => self.deps.codec.endpoint.fault("the connection to hear on was cut"),
        }
    }
}
