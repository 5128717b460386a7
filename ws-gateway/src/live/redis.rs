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
//! * The rule of order ([`crate::session::record::merge`]) runs inside Redis, in `announce.lua`.
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

mod attached;
mod changes;
mod codec;
mod config;
mod hearing;
mod map_name;
/// What operators see of each Redis server.
pub mod metrics;
mod requests;
mod server;
mod shard;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::future::try_join_all;
use model::{Clock, Random};
use shard_map::ShardMap;

pub use config::{Config, Server};

use crate::live::{Error, FixLimit, Live, Sink};
use attached::Attached;
use map_name::MapName;
use requests::Wire;
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
