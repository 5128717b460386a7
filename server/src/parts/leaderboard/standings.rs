//! Standings on the Redis servers of the settings.

use std::sync::Arc;
use std::time::Duration;

use leaderboard::redis::{self, Config as RedisConfig, RedisIndex};
use leaderboard::{Index, Leaderboard, Log, StoreError};
use model::{ErrorChain, Faults};
use shard_map::{Shard, ShardMap, ShardName};

use super::super::{OwnCheck, Part as _, redis_files};
use super::{Deps, Live, Server};
use crate::config::{Config, LiveBackend, StandingsBackend};
use crate::readiness::{Condition, Readiness};

/// What `/ready` calls them.
const STANDINGS: &str = "standings";
/// Connections to a Redis server: one for commands, one to hear on, and those that take their places.
const SERVER_FILES: u64 = 4;

/// Whether standings are on servers.
pub(super) fn are_on_servers(config: &Config) -> bool {
    config.backends.standings == StandingsBackend::Redis
}

/// Says which setting of the servers can't work, and what would.
pub(super) fn validate(config: &Config) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let names = &config.standings.redis_shards;
    if !are_on_servers(config) {
        let idle = "standings.redis_shards is given, but backends.standings isn't \"redis\"";
        faults.unless(names.is_empty(), idle);
        return faults.result();
    }
    // Where positions are on them too, that part tells it.
    if config.backends.live == LiveBackend::Embedded {
        faults.check_section("redis", config.redis.validate());
    }
    // What a file of the shard map says is looked at by itself.
    if !names.is_empty() {
        faults.check(shard_map(config));
    }
    faults.result()
}

/// Over which servers players are placed, and how.
fn shard_map(config: &Config) -> Result<ShardMap, String> {
    let (names, redis) = (&config.standings.redis_shards, &config.redis);
    if names.is_empty() {
        return redis.shard_map().map_err(|why| format!("[redis] {why}"));
    }
    let shard = |name: &String| {
        let server = redis.shards.iter().find(|server| server.name == *name);
        let server = server.ok_or_else(|| {
            format!("standings.redis_shards names {name}, which isn't among redis.shards")
        })?;
        let wrong = |e| format!("standings.redis_shards: the name {name:?} {e}");
        Ok(Shard { name: ShardName::parse(name).map_err(wrong)?, weight: server.weight })
    };
    let shards = names.iter().map(shard).collect::<Result<Vec<_>, String>>()?;
    ShardMap::deal(shards).map_err(|e| format!("standings.redis_shards: {e}"))
}

/// The most connections to servers.
pub(super) fn files_max(config: &Config) -> u64 {
    if are_on_servers(config) { SERVER_FILES * config.redis.shards.len() as u64 } else { 0 }
}

/// What the files of the servers lack. Where positions are on them too, that part tells it.
pub(super) fn own_checks(config: &Config) -> Vec<OwnCheck> {
    let is_told = config.backends.live == LiveBackend::Redis && Live.is_served(config);
    if !are_on_servers(config) || is_told {
        return Vec::new();
    }
    redis_files(&config.redis.shards)
}

/// Every server that holds boards, to be checked.
pub(super) fn servers(config: &Config) -> Vec<Server> {
    if !are_on_servers(config) {
        return Vec::new();
    }
    let check = |server: &redis::ServerConfig| {
        let (server, config) = (server.clone(), redis_config(config));
        Server::new(format!("standings on redis {}", server.name), async move {
            let flaw = redis::check(&server, &config).await.map_err(|e| unusable(&e))?;
            Ok(flaw.map_or("answers".to_owned(), |flaw| format!("answers; {flaw}")))
        })
    };
    let names = &config.standings.redis_shards;
    let holders = config.redis.shards.iter();
    holders.filter(|server| names.is_empty() || names.contains(&server.name)).map(check).collect()
}

/// Standings that follow the log. The servers needn't be there yet: scores are taken without them.
pub(super) fn open(deps: &Deps<'_>, log: &Arc<dyn Log>) -> Result<Arc<dyn Index>, String> {
    let redis = &deps.config.redis;
    let map = shard_map(deps.config)?;
    let config = redis_config(deps.config);
    let index = RedisIndex::start(&redis.shards, map, &config, log, &deps.random);
    Ok(Arc::new(index.map_err(|e| unusable(&e))?))
}

/// While standings are away they are so for every node, and scores are taken: none needs another client's node.
pub(super) fn watch(readiness: &Readiness, boards: Leaderboard) {
    readiness.follow_in_parts(STANDINGS, move || Condition {
        fault: boards.index_fault(),
        is_broken: false,
    });
}

fn redis_config(config: &Config) -> RedisConfig {
    let redis = &config.redis;
    RedisConfig {
        key_prefix: redis.key_prefix.clone(),
        connect_timeout: Duration::from_millis(redis.connect_timeout_ms),
        command_timeout: Duration::from_millis(redis.command_timeout_ms),
    }
}

/// What to do about a server that can't be used.
fn unusable(error: &StoreError) -> String {
    format!("{}. See that it runs, and what redis.shards says in the settings.", ErrorChain(error))
}
