//! The bus and the position store over many Redis servers, sharded by user.
//!
//! ```text
//! announce ─▶ shard of the user ─▶ pipeline of scripts: cache with TTL, publish if news
//! SUBSCRIBE ◀─ wishes ◀─ hub            Redis ─▶ ear ─▶ hub
//! ```
//!
//! * `shard` keeps the connections to one server and makes good what a break may have lost; `server` knows how to reach
//!   it and what things are called there; `silence` when a connection counts as dead; `inbox` takes what is asked, of
//!   which `requests` makes pipelines; `wishes` remembers what is to be heard; `codec` lays records out.
//! * The rule of order ([`crate::record::merge`]) runs inside Redis, in `announce.lua`.
//!
//! # Invariants
//! * Nothing is read from a server that has forgotten before every gateway had [`Config::settle_ms`] to write its users'
//!   positions again: an empty cache is never taken for an empty world.
//! * A gap is told only after the hub has what the server holds; and only of that server's channels.
//! * A connection that lives while nothing comes through it is given up after `probe_interval_ms + probe_timeout_ms`; one
//!   through which anything comes is kept, however late the answer is that is waited for.
//!
//! # Limits
//! 4,096 waiting requests a server (more wait at their sessions, each of which has one), and as many readings until a
//! server may be read; 1,024 commands in a pipeline, 128 channels in a SUBSCRIBE; what waits to be subscribed is one
//! entry a channel.

mod changes;
mod codec;
mod config;
mod hearing;
mod inbox;
mod map_name;
/// What operators see of each Redis server.
pub mod metrics;
mod requests;
mod server;
mod shard;
mod silence;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use model::{Clock, Monotonic, Random, UserId};
use shard_map::{ShardMap, Slot};

pub use config::{Config, Server};

use crate::circle::{AsOf, CircleChange};
use crate::port::{
    Async, Bus, CURRENT_LEASE_MS, Channel, Error, FeedServer, FixLimit, Live, PositionStore, Sink,
    Written,
};
use crate::record::Sighting;
use inbox::BATCH_MAX;
use map_name::MapName;
use requests::{Put, Request, Wire};
use server::{Memory, Place};
use shard::{Parts, Shard};

/// Servers that have been reached.
pub struct Redis {
    config: Config,
    map: Arc<ShardMap>,
    /// By the map's numbers.
    places: Vec<(Place, String)>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limit: FixLimit,
}

/// One gateway's end.
struct Attached {
    map: Arc<ShardMap>,
    limit: FixLimit,
    /// By the map's numbers.
    shards: Vec<Shard>,
    clock: Arc<dyn Clock>,
    /// Until when it counts that the feed was read, milliseconds of monotonic time.
    followed_until: AtomicU64,
}

/// Changes of circles that are published in one pipeline.
const TOLD_MAX: usize = 256;

impl Redis {
    /// Reaches every server, and says clearly which one can't be used, and why; also if gateways work there that place
    /// users by another shard map. A server that may throw positions away when it is full is warned about in the log.
    pub async fn connect(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        Self::connect_with(config, FixLimit::default(), clock, random).await
    }

    /// The same with another limit of what a user may send.
    pub async fn connect_with(
        config: Config,
        limit: FixLimit,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let map = config.shard_map().map_err(|detail| Error { detail })?;
        let servers = map.shards().iter().map(|shard| {
            let named = config.shards.iter().find(|server| server.name == shard.name.as_str());
            named.ok_or_else(|| Error { detail: format!("redis.shards lacks {}", shard.name) })
        });
        let servers: Vec<&Server> = servers.collect::<Result<_, _>>()?;
        let name = MapName::of(&map);
        let places = servers.into_iter().map(|server| Place::new(server, &config, name, limit));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let reached = try_join_all(places.into_iter().map(|place| reach(place, &*random))).await?;
        // A server that is new to all may be read at once settled.
        let settling_ms = reached.iter().map(|(_, memory)| memory.settling_ms).max().unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(settling_ms)).await;
        let places = reached.into_iter().map(|(place, memory)| (place, memory.epoch)).collect();
        Ok(Self { config, map: Arc::new(map), places, clock, random, limit })
    }

    /// Reaches one server and does there what a gateway does, on keys of its own; answers what is wrong with it though it
    /// can be used.
    pub async fn check(
        server: &Server,
        config: &Config,
        random: &dyn Random,
    ) -> Result<Option<String>, Error> {
        let map = config.shard_map().map_err(|detail| Error { detail })?;
        let place = Place::new(server, config, MapName::of(&map), FixLimit::default())?;
        let mut connection = place.connect().await?;
        let facts = place.facts(&mut connection).await?;
        if let Some(why) = place.look_at_map(&mut connection).await? {
            return Err(place.fault(&why));
        }
        place.rehearse(&mut connection, &model::token(random)).await?;
        Ok(facts.evicts.map(|policy| warning(&policy)))
    }

    /// Connects one more gateway, within a tokio runtime.
    pub fn attach(&self, sink: &Arc<dyn Sink>) -> Arc<dyn Live> {
        let origin = self.random.next_u64();
        let shards = self.places.iter().enumerate().map(|(index, (place, epoch))| {
            Shard::start(Parts {
                wire: Wire { place: place.clone(), clock: self.clock.clone(), origin },
                random: self.random.clone(),
                sink: sink.clone(),
                epoch: epoch.clone(),
                slots: self.map.slots(index),
                patience: Duration::from_millis(self.config.patience_ms),
                probe_interval: Duration::from_millis(self.config.probe_interval_ms),
                probe_timeout: Duration::from_millis(self.config.probe_timeout_ms),
            })
        });
        Arc::new(Attached {
            map: self.map.clone(),
            limit: self.limit,
            shards: shards.collect(),
            clock: self.clock.clone(),
            followed_until: AtomicU64::new(0),
        })
    }
}

fn warning(policy: &str) -> String {
    format!(
        "it may throw positions away when it is full ({policy}): set maxmemory-policy noeviction"
    )
}

async fn reach(place: Place, random: &dyn Random) -> Result<(Place, Memory), Error> {
    let mut connection = place.connect().await?;
    let facts = place.facts(&mut connection).await?;
    if let Some(policy) = facts.evicts {
        tracing::warn!(shard = place.name, address = place.address, "{}", warning(&policy));
    }
    if let Some(why) = place.claim_map(&mut connection).await? {
        return Err(place.fault(&why));
    }
    let memory = place.memory(&mut connection, &facts.run_id, &model::token(random)).await?;
    Ok((place, memory))
}

impl Attached {
    fn index(&self, channel: &Channel) -> usize {
        self.map.index_of(Slot::of(&channel.user))
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

    /// Writes at no cost; `publish` says whether others are told if it is news.
    async fn put(
        &self,
        channel: Channel,
        sighting: Sighting,
        publish: bool,
    ) -> Result<Written, Error> {
        self.write_put(Put { channel, sighting, publish, cost_ms: 0.0 }).await
    }

    async fn write_put(&self, put: Put) -> Result<Written, Error> {
        let shard = self.shard(&put.channel);
        let (channel, version) = (put.channel.clone(), put.sighting.record.version.clone());
        let publish = put.publish;
        // Remembered first: if the server is away, it is written when it is back.
        let before = shard.own.read(&channel);
        shard.own.write(channel.clone(), put.sighting.clone());
        let written = shard.ask(|answer| Request::Put(put, answer)).await?;
        match written {
            Written::Newest if publish => shard.published.increment(1),
            Written::Limited { .. } => shard.own.take_back(&channel, &version, before),
            Written::Newest | Written::Older => {}
        }
        Ok(written)
    }
}

impl Attached {
    /// Whether the feed was read lately.
    fn follows(&self, now: Monotonic) -> bool {
        now.0 < self.followed_until.load(Ordering::Acquire)
    }

    /// Publishes changes on the channels of those of their users who live on one server.
    async fn tell_through(
        &self,
        server: usize,
        changes: &[CircleChange],
        mark: Option<AsOf>,
    ) -> Result<(), Error> {
        let told = changes.iter().flat_map(|change| {
            let bytes = changes::encode(change);
            let here = change.users().filter(|user| self.server_of(user) == server);
            here.map(|user| (Channel::precise(user.clone()), bytes.clone())).collect::<Vec<_>>()
        });
        let told: Vec<_> = told.collect();
        let shard = &self.shards[server];
        // Marks come last, after all changes before them.
        let mut parts: Vec<Vec<_>> = told.chunks(TOLD_MAX).map(<[_]>::to_vec).collect();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let last = parts.len() - 1;
        for (number, part) in parts.into_iter().enumerate() {
            let (changes, mark) = (part.into(), mark.filter(|_| number == last));
            shard.ask(|answer| Request::Tell { changes, mark, answer }).await?;
        }
        Ok(())
    }
}

impl Bus for Attached {
    fn publish(&self, events: Vec<(Channel, Sighting)>) -> Async<'_, Result<(), Error>> {
        Box::pin(async move {
            // The same script caches and publishes: what is cached already is published only if it holds longer.
            let puts =
                events.into_iter().map(|(channel, sighting)| self.put(channel, sighting, true));
            try_join_all(puts).await.map(|_| ())
        })
    }

    fn subscribe(&self, channels: Vec<Channel>) -> Async<'static, Result<(), Error>> {
        let confirmed: Vec<_> = self
            .split(&channels)
            .into_iter()
            .map(|(shard, channels)| shard.subscribe(channels))
            .collect();
        Box::pin(async move { try_join_all(confirmed).await.map(|_| ()) })
    }

    fn unsubscribe(&self, channels: Vec<Channel>) {
        for (shard, channels) in self.split(&channels) {
            shard.wishes.unsubscribe(channels);
        }
    }
}

impl PositionStore for Attached {
    fn write(&self, sightings: Vec<(Channel, Sighting)>) -> Async<'_, Result<Vec<Written>, Error>> {
        Box::pin(async move {
            try_join_all(
                sightings.into_iter().map(|(channel, sighting)| self.put(channel, sighting, false)),
            )
            .await
        })
    }

    fn read(&self, channels: Vec<Channel>) -> Async<'_, Result<Vec<Option<Sighting>>, Error>> {
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
}

impl Live for Attached {
    fn announce(
        &self,
        (channel, sighting): (Channel, Sighting),
    ) -> Async<'_, Result<Written, Error>> {
        Box::pin(self.put(channel, sighting, true))
    }

    fn tell(&self, changes: Vec<CircleChange>) -> Async<'_, Result<(), Error>> {
        let concerned: BTreeSet<usize> =
            changes.iter().flat_map(CircleChange::users).map(|user| self.server_of(user)).collect();
        Box::pin(async move {
            let told =
                concerned.into_iter().map(|server| self.tell_through(server, &changes, None));
            try_join_all(told).await.map(|_| ())
        })
    }

    fn feed_servers(&self) -> Vec<FeedServer> {
        let now = self.clock.now().monotonic;
        let of_shard = |shard: &Shard| {
            let server = shard.status.hearing.of_feed(now);
            FeedServer { current: server.current || self.follows(now), ..server }
        };
        self.shards.iter().map(of_shard).collect()
    }

    fn relay(
        &self,
        server: usize,
        changes: Vec<CircleChange>,
        up_to: AsOf,
    ) -> Async<'_, Result<(), Error>> {
        Box::pin(async move {
            self.tell_through(server, &changes, Some(up_to)).await?;
            self.shards[server].status.hearing.told(up_to);
            Ok(())
        })
    }

    fn may_lead(&self, may: bool) {
        self.shards.iter().for_each(|shard| shard.status.set_may_lead(may));
    }

    fn followed(&self, began: Monotonic) {
        self.followed_until.fetch_max(began.plus_ms(CURRENT_LEASE_MS).0, Ordering::AcqRel);
        self.shards.iter().for_each(|shard| shard.status.hearing.followed(began));
    }

    fn is_current(&self, user: &UserId, now: Monotonic) -> bool {
        self.follows(now) || self.shards[self.server_of(user)].status.hearing.is_current(now)
    }

    fn are_all_current(&self, now: Monotonic) -> bool {
        self.follows(now) || self.shards.iter().all(|shard| shard.status.hearing.is_current(now))
    }

    fn server_of(&self, user: &UserId) -> usize {
        self.map.index_of(Slot::of(user))
    }

    fn announce_fixes(
        &self,
        (channel, sighting): (Channel, Sighting),
        fixes: u32,
    ) -> Async<'_, Result<Written, Error>> {
        let cost_ms = self.limit.interval_ms() * f64::from(fixes);
        Box::pin(self.write_put(Put { channel, sighting, publish: true, cost_ms }))
    }

    fn epoch(&self) -> String {
        // FNV-1a over the servers' epochs: as long for a hundred servers as for one.
        let epochs: Vec<String> = self.shards.iter().map(|shard| shard.status.epoch()).collect();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in epochs.iter().flat_map(|epoch| epoch.bytes().chain([b'\n'])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}")
    }

    fn fault(&self) -> Option<String> {
        self.shards.iter().find_map(|shard| shard.status.fault())
    }

    fn unfit(&self) -> Option<String> {
        let other_map = self.shards.iter().find(|shard| shard.status.has_other_map());
        if let Some(shard) = other_map {
            return shard.status.fault();
        }
        let works = self.shards.iter().any(|shard| shard.status.fault().is_none());
        if works { None } else { self.fault() }
    }

    fn clock_offsets_ms(&self) -> Vec<i64> {
        self.shards.iter().filter_map(|shard| shard.status.clock_offset_ms()).collect()
    }
}
