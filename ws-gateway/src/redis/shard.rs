//! One server of the map, as one gateway uses it: a task that keeps two connections alive, one for commands and one to
//! hear on, and that makes good what a break may have lost before it says so.

mod ear;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::Counter;
use model::Random;
use redis::aio::MultiplexedConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::metrics::ShardMetrics;
use super::requests::{BATCH_MAX, Fault, Inbox, Request, Terms, WAITING_MAX, Wire};
use super::wishes::{Batch, Wishes};
use crate::port::{Channel, Error, Sink};
use crate::positions::Positions;
use ear::Ear;

/// Channels in one SUBSCRIBE: a greater one would keep the server from everybody else for long.
const SUBSCRIBE_MAX: usize = 512;

/// How long to wait before connecting again, at first and at most, milliseconds.
const BACKOFF_MS: (u64, u64) = (50, 500);

/// A shard, as the rest of the gateway sees it. The task ends when this is dropped.
pub(super) struct Shard {
    pub(super) wishes: Arc<Wishes>,
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
}

impl Status {
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The name of what the server remembers.
    pub(super) fn epoch(&self) -> String {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_epoch(&self, epoch: &str) {
        epoch.clone_into(&mut self.epoch.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
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

/// Two living connections.
struct Link {
    commands: MultiplexedConnection,
    hearing: MultiplexedConnection,
    ear: Arc<Ear>,
    terms: Terms,
}

impl Keeper {
    async fn run(self, mut inbox: Inbox) {
        let (mut backoff_ms, mut promised, mut lost) = (BACKOFF_MS.0, false, false);
        loop {
            let fault = match self.connect(&mut promised, lost).await {
                Ok(link) => {
                    backoff_ms = BACKOFF_MS.0;
                    self.status.set_fault(None);
                    self.metrics.up.set(1.0);
                    let fault = self.serve(link, &mut inbox).await;
                    self.metrics.up.set(0.0);
                    self.metrics.reconnects.increment(1);
                    fault
                }
                Err(fault) => fault,
            };
            lost = true;
            tracing::warn!(shard = self.parts.wire.place.name, %fault, "a Redis server is lost; connecting again");
            self.status.set_fault(Some(fault.detail));
            // Spread, so that gateways don't all come back in the same moment.
            let spread_ms = self.parts.random.next_u64() % backoff_ms;
            tokio::time::sleep(Duration::from_millis(backoff_ms / 2 + spread_ms / 2)).await;
            backoff_ms = (backoff_ms * 2).min(BACKOFF_MS.1);
        }
    }

    /// Connects, and makes good what may have been lost: subscribes again, writes this gateway's positions again, waits
    /// until the other gateways had the time to, reads what is wanted; and only then says that there was a gap, if it has
    /// `promised` before that nothing will be missed. Where nothing was `lost` yet, there is nothing to write again.
    async fn connect(&self, promised: &mut bool, lost: bool) -> Result<Link, Fault> {
        let place = &self.parts.wire.place;
        let mut commands = place.connect().await?;
        let facts = place.facts(&mut commands).await?;
        let new_epoch = model::token(&*self.parts.random);
        let memory = place.memory(&mut commands, &facts.run_id, &new_epoch).await?;
        let terms = Terms { script: place.load_script(&mut commands).await?, epoch: memory.epoch };
        let ear = Arc::new(Ear::new(&self.parts, self.metrics.clone()));
        let hears = ear.clone();
        let hearing = place.connect_ear(move |info| hears.hear(info)).await?;
        let mut link = Link { commands, hearing, ear, terms };

        let probe = place.probe_channel(self.parts.wire.origin);
        link.hearing.subscribe(probe).await.map_err(|e| place.explain(&e))?;
        let all = self.wishes.all();
        let again = std::mem::replace(promised, true);
        self.tell(&mut link.hearing, &all).await?;
        if lost {
            self.write_own(&mut link, &all.subscribe).await?;
        }
        tokio::time::sleep(Duration::from_millis(memory.settling_ms)).await;
        self.status.set_epoch(&link.terms.epoch);
        if again {
            self.read_all(&mut link, &all.subscribe).await?;
            tracing::info!(
                shard = place.name,
                channels = all.subscribe.len(),
                "the Redis server is back"
            );
            self.parts.sink.gap(&all.subscribe);
        }
        Ok(link)
    }

    /// Tells the server what is wanted, and waits until it has confirmed.
    async fn tell(&self, hearing: &mut MultiplexedConnection, batch: &Batch) -> Result<(), Fault> {
        let place = &self.parts.wire.place;
        let names = |channels: &[Channel]| -> Vec<String> {
            channels.iter().map(|channel| place.channel(channel)).collect()
        };
        for channels in batch.subscribe.chunks(SUBSCRIBE_MAX) {
            hearing.subscribe(names(channels)).await.map_err(|e| place.explain(&e))?;
        }
        for channels in batch.unsubscribe.chunks(SUBSCRIBE_MAX) {
            hearing.unsubscribe(names(channels)).await.map_err(|e| place.explain(&e))?;
        }
        self.wishes.confirm(batch);
        self.metrics.subscriptions.set(self.wishes.len() as f64);
        Ok(())
    }

    /// What this gateway has announced, and where its users are now, whoever announced it.
    async fn write_own(&self, link: &mut Link, wanted: &[Channel]) -> Result<(), Fault> {
        let wire = &self.parts.wire;
        let mut own = self.own.all();
        own.extend(self.parts.sink.own(wanted));
        for some in own.chunks(BATCH_MAX) {
            let mut pipeline = redis::Pipeline::new();
            let now = wire.clock.now();
            for (channel, sighting) in some {
                wire.pack_put(&mut pipeline, channel, sighting, true, &link.terms, now);
            }
            let sent = link.commands.send_packed_commands(&pipeline, 0, pipeline.len()).await;
            sent.map_err(|e| wire.place.explain(&e))?;
        }
        Ok(())
    }

    async fn read_all(&self, link: &mut Link, channels: &[Channel]) -> Result<(), Fault> {
        let wire = &self.parts.wire;
        for some in channels.chunks(BATCH_MAX) {
            let mut pipeline = redis::Pipeline::new();
            wire.pack_read(&mut pipeline, some);
            let answers = link.commands.send_packed_commands(&pipeline, 0, pipeline.len()).await;
            let answers = answers.map_err(|e| wire.place.explain(&e))?;
            let read = wire.unpack_read(some, answers, &link.terms, wire.clock.now())?;
            for (channel, sighting) in some.iter().zip(read) {
                if let Some(sighting) = sighting {
                    self.parts.sink.deliver(channel, sighting);
                }
            }
        }
        Ok(())
    }

    /// Until something breaks.
    async fn serve(&self, link: Link, inbox: &mut Inbox) -> Fault {
        let Link { commands, mut hearing, ear, terms } = link;
        let subscriptions = async {
            loop {
                let batch = self.wishes.next().await;
                if let Err(fault) = self.tell(&mut hearing, &batch).await {
                    return fault;
                }
            }
        };
        tokio::select! {
            fault = inbox.serve(&self.parts.wire, &terms, commands.clone()) => fault,
            fault = subscriptions => fault,
            fault = self.probe(commands, &ear, &terms) => fault,
            () = ear.broken() => self.fault("the connection to hear on was cut"),
        }
    }

    /// Sends messages to ourselves by the way that positions take: a connection may live while nothing comes through it.
    async fn probe(&self, mut commands: MultiplexedConnection, ear: &Ear, terms: &Terms) -> Fault {
        let Parts { wire, probe_interval, probe_timeout, .. } = &self.parts;
        let place = &wire.place;
        for number in 1_u64.. {
            let sent = Instant::now();
            let mut pipeline = redis::Pipeline::new();
            pipeline.cmd("PUBLISH").arg(place.probe_channel(wire.origin)).arg(number);
            pipeline.cmd("GET").arg(place.epoch_key());
            let asked: Result<(i64, Option<String>), _> = pipeline.query_async(&mut commands).await;
            match asked {
                Err(error) => return place.explain(&error),
                Ok((_, epoch)) if epoch.as_ref() != Some(&terms.epoch) => return wire.forgot(),
                Ok(_) => {}
            }
            if tokio::time::timeout_at(sent + *probe_timeout, ear.heard(number)).await.is_err() {
                return self.fault("what is published doesn't arrive");
            }
            self.metrics.lag.record(sent.elapsed().as_secs_f64());
            tokio::time::sleep_until(sent + *probe_interval).await;
        }
        unreachable!("numbers don't end in the lifetime of a process")
    }

    fn fault(&self, why: &str) -> Fault {
        let place = &self.parts.wire.place;
        Error { detail: format!("redis {} at {}: {why}", place.name, place.address) }
    }
}
