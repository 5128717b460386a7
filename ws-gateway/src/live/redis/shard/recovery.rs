//! What is made good after a connection was lost.
//!
//! In this order: write what this gateway's users announced; wait until every other gateway had the time to do the same,
//! in which nobody burdens the server with anything else; subscribe again; read; tell the gap. What sessions write is
//! taken from the first moment on, what they read once the server has settled.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::Pipeline;
use tokio::sync::watch;

use super::super::requests::{Put, ScriptSha};
use super::subscriber::Subscriber;
use super::subscription_set::Batch;
use super::{Connections, Past, ShardTask};
use crate::live::Channel;
use crate::live::Error;

/// Positions that are written or read in one pipeline: each gateway waits until one of every other is done.
const STEP_MAX: usize = 128;

/// How long the feed of changes is waited for.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

impl ShardTask {
    /// Connects, and writes this gateway's positions again if that was tried before. Answers also for how long nobody may
    /// read.
    pub(super) async fn connect(&self, past: Past) -> Result<(Connections, Duration), Error> {
        let endpoint = &self.deps.codec.endpoint;
        let mut commands = endpoint.connect().await?;
        let facts = endpoint.facts(&mut commands).await?;
        let new_epoch = model::token(&*self.deps.random);
        let refused = endpoint.compare_map(&mut commands, endpoint.map_remembered_ms).await?;
        self.status.has_other_map.store(refused.is_some(), Ordering::Relaxed);
        if let Some(why) = refused {
            return Err(endpoint.fault(&why));
        }
        let memory = endpoint.memory(&mut commands, &facts.run_id, &new_epoch).await?;
        let script = ScriptSha(endpoint.load_script(&mut commands).await?);
        let subscriber = Arc::new(Subscriber::new(
            &self.deps,
            self.local_positions.clone(),
            self.metrics.clone(),
        ));
        let hears = subscriber.clone();
        let subscribing = endpoint.connect_subscriber(move |info| hears.hear(info)).await?;
        let connections =
            Connections::new(endpoint, (script, memory.epoch), commands, (subscribing, subscriber));
        if past != Past::Nothing {
            self.write_local_positions(&connections).await?;
        }
        let own = vec![endpoint.probe_channel(self.deps.codec.origin), endpoint.gateways_channel()];
        connections.subscribe_to(own).await?;
        Ok((connections, Duration::from_millis(memory.settling_ms)))
    }

    /// Subscribes again, reads what is wanted once that is allowed, and only then says that there was a gap, if it was
    /// promised before that nothing will be missed.
    pub(super) async fn recover(
        &self,
        connections: &Connections,
        settling: Duration,
        past: &mut Past,
        may_read: &watch::Sender<bool>,
    ) -> Result<(), Error> {
        tokio::time::sleep(settling).await;
        connections.epoch.clone_into(&mut self.status.epoch.lock());
        may_read.send_replace(true);
        let all = self.subscriptions.all();
        let again = std::mem::replace(past, Past::Promised) == Past::Promised;
        let slowest = self.tell(connections, &all).await?;
        self.status.feed.subscribed(self.deps.codec.clock.now().monotonic);
        if again {
            self.read_all(connections, &all.subscribe).await?;
        }
        // Until the feed of changes was read since everything is subscribed, so that nobody has to be left out of what is
        // told next; but not for long, since the directory may be away.
        let _ = tokio::time::timeout(CATCH_UP_MAX, self.status.feed.caught_up()).await;
        connections.limit.recovered(slowest);
        *self.status.fault.lock() = None;
        self.metrics.up.set(1.0);
        if again {
            tracing::info!(channels = all.subscribe.len(), "the Redis server is back");
            self.deps.sink.gap(&all.subscribe);
        }
        Ok(())
    }

    /// Tells the server what changes, until something breaks.
    pub(super) async fn keep_subscribed(&self, connections: &Connections) -> Error {
        loop {
            let batch = self.subscriptions.next().await;
            if let Err(fault) = self.tell(connections, &batch).await {
                return fault;
            }
        }
    }

    /// Tells the server what is wanted, and waits until it has confirmed. Answers how long the slowest step took.
    async fn tell(&self, connections: &Connections, batch: &Batch) -> Result<Duration, Error> {
        let slowest = connections.subscribe(&batch.subscribe).await?;
        connections.unsubscribe(&batch.unsubscribe).await?;
        self.subscriptions.confirm(batch);
        self.metrics.subscriptions.set(self.subscriptions.len() as f64);
        Ok(slowest)
    }

    /// What this gateway has announced, and where its users are now, whoever announced it.
    async fn write_local_positions(&self, connections: &Connections) -> Result<(), Error> {
        let codec = &self.deps.codec;
        let mut local = self.local_positions.all();
        local.extend(self.deps.sink.local_positions(&self.subscriptions.wanted()));
        for some in local.chunks(STEP_MAX) {
            let mut pipeline = Pipeline::new();
            let now = codec.clock.now();
            for (channel, sighting) in some.iter().cloned() {
                let put = Put { channel, sighting, cost_ms: 0.0 };
                codec.pack_put(&mut pipeline, &put, &connections.script, now);
            }
            connections.run(pipeline).await?;
        }
        Ok(())
    }

    async fn read_all(&self, connections: &Connections, channels: &[Channel]) -> Result<(), Error> {
        let codec = &self.deps.codec;
        for some in channels.chunks(STEP_MAX) {
            let mut pipeline = Pipeline::new();
            codec.pack_read(&mut pipeline, some);
            let answers = connections.run(pipeline).await?;
            let read = codec.unpack_read(some, answers, codec.clock.now())?;
            for (channel, sighting) in some.iter().zip(read) {
                if let Some(sighting) = sighting {
                    self.deps.sink.deliver(channel, sighting);
                }
            }
        }
        Ok(())
    }
}
