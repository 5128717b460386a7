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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::Counter;
use model::Random;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use super::hearing::Hearing;
use super::metrics::ShardMetrics;
use super::requests::{Fault, Request, Wire};
use crate::live::positions::Positions;
use crate::live::{Channel, Error, Sink};
pub(super) use connections::Link;
use inbox::{Inbox, WAITING_MAX};
use subscription_set::Wishes;

/// How long to wait before connecting again, at first and at most, milliseconds. The most is well below
/// [`super::Config::settle_ms`], so that every gateway is back before anybody may read; each wait is spread over its
/// upper half, so that a thousand gateways don't come back in the same moment.
const BACKOFF_MS: (u64, u64) = (50, 500);

/// A shard, as the rest of the gateway sees it. The task ends when this is dropped.
pub(super) struct Shard {
    wishes: Arc<Wishes>,
    pub(super) status: Arc<Status>,
    /// What this gateway has announced here and still holds, for a server that loses its memory.
    pub(super) own: Arc<Positions>,
    pub(super) published: Counter,
    requests: mpsc::Sender<Request>,
    patience: Duration,
    name: String,
    task: tokio::task::JoinHandle<()>,
}

/// How a shard does.
pub(super) struct Status {
    /// What keeps it from working.
    fault: Mutex<Option<String>>,
    epoch: Mutex<String>,
    /// What is heard of changes of circles.
    pub(super) hearing: Hearing,
    /// Whether this gateway can't read the feed, and leaves it to others to lead.
    declines: AtomicBool,
    /// Whether gateways with another shard map work there.
    other_map: AtomicBool,
    clock_offset_ms: Mutex<Option<i64>>,
}

impl Status {
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    /// The name of what the server remembers.
    pub(super) fn epoch(&self) -> String {
        self.epoch.lock().clone()
    }

    /// Whether this gateway wants to lead the server.
    fn may_lead(&self) -> bool {
        !self.declines.load(Ordering::Acquire)
    }

    pub(super) fn set_may_lead(&self, may: bool) {
        self.declines.store(!may, Ordering::Release);
    }

    fn set_epoch(&self, epoch: &str) {
        epoch.clone_into(&mut self.epoch.lock());
    }

    /// Whether gateways with another shard map work there.
    pub(super) fn has_other_map(&self) -> bool {
        self.other_map.load(Ordering::Relaxed)
    }

    fn set_other_map(&self, other: bool) {
        self.other_map.store(other, Ordering::Relaxed);
    }

    /// How far our calendar is ahead of the server's, milliseconds, if it answers.
    pub(super) fn clock_offset_ms(&self) -> Option<i64> {
        *self.clock_offset_ms.lock()
    }

    fn set_clock_offset_ms(&self, offset_ms: Option<i64>) {
        *self.clock_offset_ms.lock() = offset_ms;
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock() = fault;
    }
}

/// What a shard is made of.
pub(super) struct Parts {
    pub(super) wire: Wire,
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
    pub(super) fn start(parts: Parts) -> Self {
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let wishes = Arc::new(Wishes::new());
        let status = Arc::new(Status {
            fault: Mutex::new(Some("connecting".to_owned())),
            epoch: Mutex::new(parts.epoch.clone()),
            hearing: Hearing::default(),
            declines: AtomicBool::new(false),
            other_map: AtomicBool::new(false),
            clock_offset_ms: Mutex::default(),
        });
        let own = Arc::new(Positions::new(parts.wire.clock.clone()));
        let name = parts.wire.place.name.clone();
        let keeper = Keeper {
            metrics: ShardMetrics::new(&name, parts.slots),
            wishes: wishes.clone(),
            status: status.clone(),
            own: own.clone(),
            parts,
        };
        let (patience, published) = (keeper.parts.patience, keeper.metrics.published.clone());
        let task = tokio::spawn(keeper.run(Inbox::new(waiting)));
        Self { wishes, status, own, published, requests, patience, name, task }
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

    /// Wishes to hear channels, and completes when the server has confirmed; waits a while if it is away.
    pub(super) fn subscribe(
        &self,
        channels: Vec<Channel>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let confirmed = self.wishes.subscribe(channels);
        let (patience, name, status) = (self.patience, self.name.clone(), self.status.clone());
        async move {
            let in_time = tokio::time::timeout(patience, confirmed).await;
            in_time.map_err(|_| away(&name, &status))
        }
    }

    /// Wishes not to hear channels any more.
    pub(super) fn unsubscribe(&self, channels: Vec<Channel>) {
        self.wishes.unsubscribe(channels);
    }
}

fn away(name: &str, status: &Status) -> Error {
    match status.fault() {
        Some(detail) => Error { detail },
        None => Error { detail: format!("redis {name}: it doesn't answer in time") },
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task.
struct Keeper {
    parts: Parts,
    metrics: ShardMetrics,
    wishes: Arc<Wishes>,
    status: Arc<Status>,
    own: Arc<Positions>,
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

impl Keeper {
    async fn run(self, mut inbox: Inbox) {
        let (mut backoff_ms, mut past) = (BACKOFF_MS.0, Past::Nothing);
        loop {
            let fault = match self.connect(past).await {
                Ok((link, settling)) => {
                    backoff_ms = BACKOFF_MS.0;
                    let fault = self.serve(&link, settling, &mut past, &mut inbox).await;
                    self.status.hearing.lost();
                    self.metrics.up.set(0.0);
                    self.metrics.reconnects.increment(1);
                    fault
                }
                Err(fault) => fault,
            };
            past = past.max(Past::Lost);
            self.status.set_clock_offset_ms(None);
            tracing::warn!(shard = self.parts.wire.place.name, %fault, "a Redis server is lost; connecting again");
            self.status.set_fault(Some(fault.detail));
            let spread_ms = self.parts.random.next_u64() % backoff_ms;
            tokio::time::sleep(Duration::from_millis(backoff_ms / 2 + spread_ms / 2)).await;
            backoff_ms = (backoff_ms * 2).min(BACKOFF_MS.1);
        }
    }

    /// Until something breaks. What is to be written is taken at once, what is to be read once the server may be read.
    async fn serve(
        &self,
        link: &Link,
        settling: Duration,
        past: &mut Past,
        inbox: &mut Inbox,
    ) -> Fault {
        let may_read = watch::Sender::new(false);
        let hearing = async {
            match self.recover(link, settling, past, &may_read).await {
                Ok(()) => {}
                Err(fault) => return fault,
            }
            tokio::select! {
                fault = self.keep_subscribed(link) => fault,
                fault = self.probe(link) => fault,
                fault = self.lead(link) => fault,
            }
        };
        tokio::select! {
            fault = inbox.serve(&self.parts.wire, link, may_read.subscribe()) => fault,
            fault = hearing => fault,
            () = link.ear.broken() => self.parts.wire.place.fault("the connection to hear on was cut"),
        }
    }
}
