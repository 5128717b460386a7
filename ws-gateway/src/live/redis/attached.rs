//! One gateway's end of many Redis servers: each call goes to the servers of the users that it is about.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::{join_all, try_join_all};
use model::{Clock, ErrorChain, Monotonic, ReadToken, UserId};
use shard_map::{ShardMap, Slot};

use super::change_codec;
use super::requests::{Note, Put, Request};
use super::shard::Shard;
use super::shard::inbox::BATCH_MAX;
use crate::live::{Asked, CURRENT_LEASE_MS, Channel, Error, FeedServer, FixLimit, Live, Written};
use crate::session::circle::CircleChange;
use crate::session::record::Sighting;

/// One gateway's end.
pub(super) struct Attached {
    pub(super) map: Arc<ShardMap>,
    pub(super) limit: FixLimit,
    /// By the map's numbers.
    pub(super) shards: Vec<Shard>,
    pub(super) clock: Arc<dyn Clock>,
    /// Until when it counts that the feed was read, milliseconds of monotonic time.
    pub(super) followed_until: AtomicU64,
}

/// Changes of circles that are published in one pipeline.
const TOLD_MAX: usize = 256;

impl Attached {
    fn index(&self, channel: &Channel) -> usize {
        self.map.index_of(Slot::from(&channel.user))
    }

    fn shard(&self, channel: &Channel) -> &Shard {
        &self.shards[self.index(channel)]
    }

    /// The positions of these channels in the input, by shard; shards that have none are left out.
    fn by_shard(&self, channels: &[Channel]) -> Vec<(&Shard, Vec<usize>)> {
        let mut all: Vec<_> = self.shards.iter().map(|shard| (shard, Vec::new())).collect();
        for (at, channel) in channels.iter().enumerate() {
            all[self.index(channel)].1.push(at);
        }
        all.retain(|(_, positions)| !positions.is_empty());
        all
    }

    fn split(&self, channels: &[Channel]) -> Vec<(&Shard, Vec<Channel>)> {
        let pick =
            |positions: Vec<usize>| positions.into_iter().map(|at| channels[at].clone()).collect();
        self.by_shard(channels)
            .into_iter()
            .map(|(shard, positions)| (shard, pick(positions)))
            .collect()
    }

    async fn put(&self, put: Put) -> Result<Written, Error> {
        let shard = self.shard(&put.channel);
        let (channel, version) = (put.channel.clone(), put.sighting.record.version.clone());
        // Remembered first: if the server is away, it is written when it is back.
        let before = shard.local_positions.read(&channel);
        shard.local_positions.write(channel.clone(), put.sighting.clone(), None);
        let written = shard.ask(|answer| Request::Put(put, answer)).await?;
        match written {
            Written::Newest => shard.published.increment(1),
            Written::Limited { .. } => shard.local_positions.take_back(&channel, &version, before),
            Written::Older => {}
        }
        Ok(written)
    }
}

impl Attached {
    /// Whether the feed was read lately.
    fn follows(&self, now: Monotonic) -> bool {
        now.0 < self.followed_until.load(Ordering::Acquire)
    }

    /// Publishes changes on the channels of those of their users who live on one server, and leaves the note there.
    async fn tell_through(
        &self,
        server: usize,
        changes: &[CircleChange],
        note: Note,
    ) -> Result<(), Error> {
        let told = changes.iter().flat_map(|change| {
            let bytes = change_codec::encode(change);
            let here = change.users().filter(|user| self.server_of(user) == server);
            here.map(|user| (Channel::precise(user.clone()), bytes.clone())).collect::<Vec<_>>()
        });
        let told: Vec<_> = told.collect();
        let shard = &self.shards[server];
        // The note comes last, after all changes that it says were told.
        let mut parts: Vec<Vec<_>> = told.chunks(TOLD_MAX).map(<[_]>::to_vec).collect();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let last = parts.len() - 1;
        for (number, part) in parts.into_iter().enumerate() {
            let (changes, note) =
                (part.into(), if number == last { note.clone() } else { Note::None });
            shard.ask(|answer| Request::Tell { changes, note, answer }).await?;
        }
        Ok(())
    }
}

impl Live for Attached {
    fn announce(&self, (channel, sighting): (Channel, Sighting), fixes: u32) -> Asked<'_, Written> {
        let cost_ms = self.limit.interval_ms() * f64::from(fixes);
        Box::pin(self.put(Put { channel, sighting, cost_ms }))
    }

    fn read(&self, channels: Vec<Channel>) -> Asked<'_, Vec<Option<Sighting>>> {
        Box::pin(async move {
            let readings = self.by_shard(&channels).into_iter().flat_map(|(shard, positions)| {
                let parts: Vec<Vec<usize>> =
                    positions.chunks(BATCH_MAX).map(<[usize]>::to_vec).collect();
                parts.into_iter().map(move |part| (shard, part))
            });
            let channels = &channels;
            let read = join_all(readings.map(|(shard, part)| async move {
                let asked = part.iter().map(|at| channels[*at].clone()).collect();
                let read = shard.ask(|answer| Request::Read { channels: asked, answer }).await?;
                Ok::<_, Error>(part.into_iter().zip(read))
            }));
            let mut all = vec![None; channels.len()];
            for part in read.await {
                for (at, sighting) in part? {
                    all[at] = sighting;
                }
            }
            Ok(all)
        })
    }

    fn subscribe(&self, channels: Vec<Channel>) -> Asked<'static, ()> {
        let confirmed: Vec<_> = self
            .split(&channels)
            .into_iter()
            .map(|(shard, channels)| shard.subscribe(channels))
            .collect();
        Box::pin(async move { try_join_all(confirmed).await.map(|_| ()) })
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        for (shard, channels) in self.split(&channels) {
            shard.unsubscribe(channels);
        }
    }

    fn tell(&self, changes: Vec<CircleChange>) -> Asked<'_, ()> {
        let concerned: BTreeSet<usize> =
            changes.iter().flat_map(CircleChange::users).map(|user| self.server_of(user)).collect();
        Box::pin(async move {
            let these: Arc<[ReadToken]> = changes.iter().map(|change| change.as_of).collect();
            let told = concerned
                .into_iter()
                .map(|server| self.tell_through(server, &changes, Note::These(these.clone())));
            try_join_all(told).await.map(|_| ())
        })
    }

    fn feed_servers(&self) -> Vec<FeedServer> {
        let now = self.clock.now().monotonic;
        let of_shard = |shard: &Shard| {
            let server = shard.status.feed.of_feed(now);
            FeedServer { current: server.current || self.follows(now), ..server }
        };
        self.shards.iter().map(of_shard).collect()
    }

    fn relay(&self, server: usize, changes: Vec<CircleChange>, up_to: ReadToken) -> Asked<'_, ()> {
        Box::pin(async move {
            let mut untold = changes;
            if !untold.is_empty() {
                let told =
                    self.shards[server].ask(|answer| Request::Told { up_to, answer }).await?;
                untold.retain(|change| !told.contains(&change.as_of));
            }
            self.tell_through(server, &untold, Note::UpTo(up_to)).await?;
            self.shards[server].status.feed.told(up_to);
            Ok(())
        })
    }

    fn may_lead(&self, may: bool) {
        self.shards.iter().for_each(|shard| shard.status.declines.store(!may, Ordering::Release));
    }

    fn followed(&self, began: Monotonic) {
        self.followed_until.fetch_max(began.plus_ms(CURRENT_LEASE_MS).0, Ordering::AcqRel);
        self.shards.iter().for_each(|shard| shard.status.feed.followed(began));
    }

    fn is_current(&self, user: &UserId, now: Monotonic) -> bool {
        self.follows(now) || self.shards[self.server_of(user)].status.feed.is_current(now)
    }

    fn are_all_current(&self, now: Monotonic) -> bool {
        self.follows(now) || self.shards.iter().all(|shard| shard.status.feed.is_current(now))
    }

    fn server_of(&self, user: &UserId) -> usize {
        self.map.index_of(Slot::from(user))
    }

    fn epoch(&self) -> String {
        // As long for a hundred servers as for one.
        let epochs: Vec<String> =
            self.shards.iter().map(|shard| shard.status.epoch.lock().clone()).collect();
        let bytes = epochs.iter().flat_map(|epoch| epoch.bytes().chain([b'\n']));
        format!("{:016x}", model::fnv1a(bytes))
    }

    fn fault(&self) -> Option<String> {
        self.shards.iter().find_map(fault_of)
    }

    fn unfit(&self) -> Option<String> {
        let other_map =
            self.shards.iter().find(|shard| shard.status.has_other_map.load(Ordering::Relaxed));
        if let Some(shard) = other_map {
            return fault_of(shard);
        }
        let works = self.shards.iter().any(|shard| shard.status.fault.lock().is_none());
        if works { None } else { self.fault() }
    }

    fn clock_offsets_ms(&self) -> Vec<i64> {
        self.shards.iter().filter_map(|shard| *shard.status.clock_offset_ms.lock()).collect()
    }
}

fn fault_of(shard: &Shard) -> Option<String> {
    shard.status.fault.lock().as_ref().map(|error| ErrorChain(error).to_string())
}
