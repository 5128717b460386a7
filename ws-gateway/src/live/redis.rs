//! The bus and the position store over many Redis servers, sharded by user.
//!
//! ```text
//! announce ─▶ shard of the user ─▶ pipeline of scripts: cache with TTL, publish if news
//! SUBSCRIBE ◀─ subscriptions ◀─ hub            Redis ─▶ subscriber ─▶ hub
//! ```
//!
//! * `shard` keeps the connections to one server and makes good what a break may have lost; `server` knows how to reach
//!   it and what things are called there; `silence` when a connection counts as dead; `inbox` takes what is asked, of
//!   which `requests` makes pipelines; `subscriptions` remembers what is to be heard; `record_codec` and `change_codec` lay records out.
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
mod change_codec;
mod config;
mod endpoint;
mod feed_status;
mod map_name;
/// What operators see of each Redis server.
pub mod metrics;
mod record_codec;
mod requests;
mod shard;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::future::try_join_all;
use model::{Clock, ErrorKind, Random};
use shard_map::ShardMap;

pub use config::Config;
pub use redis_connection::Server;

use crate::live::{Error, FixLimit, Live, Sink};
use attached::Attached;
use endpoint::{Endpoint, Memory};
use map_name::MapName;
use requests::Codec;
use shard::{Deps, Shard};

/// Servers that have been reached.
pub struct Redis {
    config: Config,
    map: Arc<ShardMap>,
    /// By the map's numbers.
    endpoints: Vec<(Endpoint, String)>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limit: FixLimit,
}

impl Redis {
    /// Reaches every server, and says clearly which one can't be used, and why; also if gateways work there that place
    /// users by another shard map. A server that may throw positions away when it is full is warned about in the log. `limit` is
    /// what a user may send.
    pub async fn connect(
        config: Config,
        limit: FixLimit,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let map = config.shard_map().map_err(invalid)?;
        let name = MapName::new(&map);
        let endpoints = map.shards().iter().map(|shard| {
            let named = config.shards.iter().find(|server| server.name == shard.name.as_str());
            let lacking = || invalid(format!("redis.shards lacks {}", shard.name));
            Endpoint::new(named.ok_or_else(lacking)?, &config, name, limit)
        });
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
        let reached =
            try_join_all(endpoints.into_iter().map(|endpoint| reach(endpoint, &*random))).await?;
        // A server that is new to all may be read at once settled.
        let settling_ms = reached.iter().map(|(_, memory)| memory.settling_ms).max().unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(settling_ms)).await;
        let endpoints =
            reached.into_iter().map(|(endpoint, memory)| (endpoint, memory.epoch)).collect();
        Ok(Self { config, map: Arc::new(map), endpoints, clock, random, limit })
    }

    /// Reaches one server and does there what a gateway does, on keys of its own; answers what is wrong with it though it
    /// can be used.
    pub async fn check(
        server: &Server,
        config: &Config,
        random: &dyn Random,
    ) -> Result<Option<String>, Error> {
        let map = config.shard_map().map_err(invalid)?;
        let endpoint = Endpoint::new(server, config, MapName::new(&map), FixLimit::default())?;
        let mut connection = endpoint.connect().await?;
        let facts = endpoint.facts(&mut connection).await?;
        if let Some(why) = endpoint.compare_map(&mut connection, 0).await? {
            return Err(endpoint.fault(&why));
        }
        endpoint.rehearse(&mut connection, &model::token(random)).await?;
        Ok(facts.evicts.map(|policy| warning(&policy)))
    }

    /// Connects one more gateway, within a tokio runtime.
    pub fn attach(&self, sink: &Arc<dyn Sink>) -> Arc<dyn Live> {
        let origin = self.random.next_u64();
        let shards = self.endpoints.iter().enumerate().map(|(index, (endpoint, epoch))| {
            Shard::start(Deps {
                codec: Codec { endpoint: endpoint.clone(), clock: self.clock.clone(), origin },
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

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::Invalid, why)
}

fn warning(policy: &str) -> String {
    format!(
        "it may throw positions away when it is full ({policy}): set maxmemory-policy noeviction"
    )
}

async fn reach(endpoint: Endpoint, random: &dyn Random) -> Result<(Endpoint, Memory), Error> {
    let mut connection = endpoint.connect().await?;
    let facts = endpoint.facts(&mut connection).await?;
    if let Some(policy) = facts.evicts {
        tracing::warn!(
            shard = endpoint.name(),
            address = endpoint.address(),
            "{}",
            warning(&policy)
        );
    }
    if let Some(why) = endpoint.compare_map(&mut connection, endpoint.map_remembered_ms).await? {
        return Err(endpoint.fault(&why));
    }
    let memory = endpoint.memory(&mut connection, &facts.run_id, &model::token(random)).await?;
    Ok((endpoint, memory))
}
