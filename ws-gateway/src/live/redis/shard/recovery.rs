//! What is made good after a connection was lost.
//!
//! In this order: write what this gateway's users announced; wait until every other gateway had the time to do the same,
//! in which nobody burdens the server with anything else; subscribe again; read; tell the gap. What sessions write is
//! taken from the first moment on, what they read once the server has settled.

use std::sync::Arc;
use std::time::Duration;

use redis::Pipeline;
use tokio::sync::watch;

use super::super::requests::{Fault, Put, Terms};
use super::subscriber::Ear;
use super::subscription_set::Batch;
use super::{Keeper, Link, Past};
use crate::live::Channel;

/// Positions that are written or read in one pipeline: each gateway waits until one of every other is done.
const STEP_MAX: usize = 128;

/// How long the feed of changes is waited for.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

impl Keeper {
    /// Connects, and writes this gateway's positions again if that was tried before. Answers also for how long nobody may
    /// read.
    pub(super) async fn connect(&self, past: Past) -> Result<(Link, Duration), Fault> {
        let place = &self.parts.wire.place;
        let mut commands = place.connect().await?;
        let facts = place.facts(&mut commands).await?;
        let new_epoch = model::token(&*self.parts.random);
        let refused = place.claim_map(&mut commands).await?;
        self.status.set_other_map(refused.is_some());
        if let Some(why) = refused {
            return Err(place.fault(&why));
        }
        let memory = place.memory(&mut commands, &facts.run_id, &new_epoch).await?;
        let terms = Terms { script: place.load_script(&mut commands).await?, epoch: memory.epoch };
        let ear = Arc::new(Ear::new(&self.parts, self.own.clone(), self.metrics.clone()));
        let hears = ear.clone();
        let hearing = place.connect_ear(move |info| hears.hear(info)).await?;
        let link = Link::new(place, terms, commands, (hearing, ear));
        if past != Past::Nothing {
            self.write_own(&link).await?;
        }
        let own = vec![place.probe_channel(self.parts.wire.origin), place.gateways_channel()];
        link.subscribe_to(own).await?;
        Ok((link, Duration::from_millis(memory.settling_ms)))
    }

    /// Subscribes again, reads what is wanted once that is allowed, and only then says that there was a gap, if it was
    /// promised before that nothing will be missed.
    pub(super) async fn recover(
        &self,
        link: &Link,
        settling: Duration,
        past: &mut Past,
        may_read: &watch::Sender<bool>,
    ) -> Result<(), Fault> {
        tokio::time::sleep(settling).await;
        self.status.set_epoch(&link.terms.epoch);
        may_read.send_replace(true);
        let all = self.wishes.all();
        let again = std::mem::replace(past, Past::Promised) == Past::Promised;
        let slowest = self.tell(link, &all).await?;
        self.status.hearing.subscribed(self.parts.wire.clock.now().monotonic);
        if again {
            self.read_all(link, &all.subscribe).await?;
        }
        // Until the feed of changes was read since everything is subscribed, so that nobody has to be left out of what is
        // told next; but not for long, since the directory may be away.
        let _ = tokio::time::timeout(CATCH_UP_MAX, self.status.hearing.caught_up()).await;
        link.limit().recovered(slowest);
        self.status.set_fault(None);
        self.metrics.up.set(1.0);
        if again {
            let (shard, channels) = (&self.parts.wire.place.name, all.subscribe.len());
            tracing::info!(shard, channels, "the Redis server is back");
            self.parts.sink.gap(&all.subscribe);
        }
        Ok(())
    }

    /// Tells the server what changes, until something breaks.
    pub(super) async fn keep_subscribed(&self, link: &Link) -> Fault {
        loop {
            let batch = self.wishes.next().await;
            if let Err(fault) = self.tell(link, &batch).await {
                return fault;
            }
        }
    }

    /// Tells the server what is wanted, and waits until it has confirmed. Answers how long the slowest step took.
    async fn tell(&self, link: &Link, batch: &Batch) -> Result<Duration, Fault> {
        let slowest = link.subscribe(&batch.subscribe).await?;
        link.unsubscribe(&batch.unsubscribe).await?;
        self.wishes.confirm(batch);
        self.metrics.subscriptions.set(self.wishes.len() as f64);
        Ok(slowest)
    }

    /// What this gateway has announced, and where its users are now, whoever announced it.
    async fn write_own(&self, link: &Link) -> Result<(), Fault> {
        let wire = &self.parts.wire;
        let mut own = self.own.all();
        own.extend(self.parts.sink.own(&self.wishes.wanted()));
        for some in own.chunks(STEP_MAX) {
            let mut pipeline = Pipeline::new();
            let now = wire.clock.now();
            for (channel, sighting) in some.iter().cloned() {
                let put = Put { channel, sighting, cost_ms: 0.0 };
                wire.pack_put(&mut pipeline, &put, &link.terms, now);
            }
            link.run(pipeline).await?;
        }
        Ok(())
    }

    async fn read_all(&self, link: &Link, channels: &[Channel]) -> Result<(), Fault> {
        let wire = &self.parts.wire;
        for some in channels.chunks(STEP_MAX) {
            let mut pipeline = Pipeline::new();
            wire.pack_read(&mut pipeline, some);
            let answers = link.run(pipeline).await?;
            let read = wire.unpack_read(some, answers, wire.clock.now())?;
            for (channel, sighting) in some.iter().zip(read) {
                if let Some(sighting) = sighting {
                    self.parts.sink.deliver(channel, sighting);
                }
            }
        }
        Ok(())
    }
}
