//! The log in streams on Redis servers, for gateways without a disk that lasts: what was answered survives as much as these servers
//! promise, which they are asked.
//!
//! ```text
//! append ─▶ queue of a server ─▶ task: entries of each stream, one round for all that waits ─▶ answered when it is synced
//! lease  ─▶ StreamReader: XRANGE from the mark ─▶ chunks, stored ─▶ forget ─▶ the group's place, and a while later XTRIM
//! ```
//! Each user's points are in one stream. An entry has many points, and its id is the position of its first one, counted from 1 in
//! each stream; `entry.rs` says how it is written. A group, `history-writer`, shows tools how far a stream is stored.
//!
//! **Who reads.** Any number of processes, each its share of the streams, by leases (`leases.rs`). The entries of a stream aren't
//! dealt to whoever asks, as groups can: points of one user would be in chunks of several processes. A lease that isn't renewed
//! ends after five seconds, and what its process tells after that counts for nothing.
//!
//! **Replay.** Whoever takes a stream over reads it from the mark of a minute ago.

mod appending;
mod config;
mod entry;
mod keys;
mod known_entries;
mod leases;
mod queue;
mod reader;
mod server;

use std::sync::Arc;

use model::{Clock, Random, UserId, fnv1a};
use shard_map::{ShardMap, Slot};

use crate::log::{Answer, Log, LogError, Survives, count_refused};
use crate::{LogId, LogPosition, Point};
use appending::Appender;
pub use config::Config;
use keys::Keys;
pub use leases::Leases;
use leases::log_id;
use reader::Reading;
pub use redis_connection::Server as ServerConfig;
use server::{Server, script};

/// The log as gateways know it.
pub struct StreamsLog {
    map: ShardMap,
    /// In the order of the map.
    servers: Vec<Arc<Appender>>,
    streams: u32,
    ids: Vec<LogId>,
}

/// What streams are read with, beside the settings of their servers.
pub struct ReadingDeps {
    /// The most bytes of memory for points that aren't stored yet, by user, of each stream.
    pub recent_bytes_max: usize,
    /// How long after points are stored they are kept, milliseconds.
    pub forget_after_ms: u64,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Tells this process from others.
    pub random: Arc<dyn Random>,
}

impl StreamsLog {
    /// Reaches every server, where each stream gets a name if it has none.
    pub async fn connect(config: &Config, random: &dyn Random) -> Result<Self, LogError> {
        let map = config.map().map_err(|why| LogError::Unusable(why.into()))?;
        let (mut servers, mut ids) = (Vec::new(), Vec::new());
        for shard in map.shards() {
            let named = config.servers.iter().find(|server| server.name == shard.name.as_str());
            let Some(server) = named else { continue };
            let server = Server::new(server, config)?;
            ids.extend(names(&server, config, random).await?);
            let appender = Appender::new(server, config);
            tokio::spawn(Arc::clone(&appender).run());
            servers.push(appender);
        }
        Ok(Self { map, servers, streams: config.streams_per_server, ids })
    }

    /// All streams.
    pub fn ids(&self) -> Vec<LogId> {
        self.ids.clone()
    }

    /// Where a user's points go.
    fn place(&self, user: &UserId) -> (&Arc<Appender>, u32) {
        // Another hash than the one of slots, or a server's users would be in some of its streams only.
        let hash = fnv1a(user.as_str().bytes());
        let stream = (hash ^ (hash >> 31)) % u64::from(self.streams);
        (&self.servers[self.map.index_of(Slot::from(user))], stream as u32)
    }
}

/// Takes leases of streams, and reads them.
pub fn read(config: &Config, deps: &ReadingDeps) -> Result<Arc<Leases>, LogError> {
    let random = &*deps.random;
    let token = format!("{:016x}{:016x}", random.next_u64(), random.next_u64());
    let reading = |server| {
        Ok(Reading {
            server: Arc::new(Server::new(server, config)?),
            keys: Keys::new(&config.key_prefix),
            clock: deps.clock.clone(),
            token: token.as_str().into(),
            bytes_max: config.stream_bytes_max,
            recent_bytes_max: deps.recent_bytes_max,
            forget_after_ms: deps.forget_after_ms,
        })
    };
    let readings = config.servers.iter().map(reading).collect::<Result<_, LogError>>()?;
    Ok(Leases::start(readings, config, random))
}

/// Reaches a server, and answers what is wrong with it though it can be used.
pub async fn check(server: &ServerConfig, config: &Config) -> Result<Vec<String>, LogError> {
    let server = Server::new(server, config)?;
    let mut connection = server.connect().await?;
    let mut call = redis::cmd("XLEN");
    call.arg(Keys::new(&config.key_prefix).stream(0));
    server.run_on::<u64>(&call, &mut connection).await?;
    Ok(server.keeps(&mut connection).await?.flaws)
}

async fn names(
    server: &Server,
    config: &Config,
    random: &dyn Random,
) -> Result<Vec<LogId>, LogError> {
    let keys = Keys::new(&config.key_prefix);
    let (streams, known) = (keys.streams(), keys.all_known());
    let mut call = script(include_str!("streams/scripts/names.lua"), &[&streams, &known]);
    let name = format!("{:016x}{:08x}", random.next_u64(), random.next_u64() as u32);
    call.arg(config.streams_per_server).arg(name);
    let names: Vec<String> = server.run(&call).await?;
    names.iter().map(|name| log_id(name)).collect()
}

impl Log for StreamsLog {
    fn append(&self, user: &UserId, points: &[Point]) -> Answer<'static, LogPosition> {
        if points.is_empty() {
            return Box::pin(std::future::ready(Ok(LogPosition(0))));
        }
        let (server, stream) = self.place(user);
        match server.queue.hand_in(stream, user, points) {
            Ok(handed_in) => Box::pin(handed_in.durable()),
            Err(error) => {
                count_refused(&error, points.len() as u64);
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }

    fn append_soon(&self, user: &UserId, points: &[Point]) -> Result<(), LogError> {
        if points.is_empty() {
            return Ok(());
        }
        let (server, stream) = self.place(user);
        let handed_in = server.queue.hand_in(stream, user, points).map(drop);
        handed_in.inspect_err(|error| count_refused(error, points.len() as u64))
    }

    fn survives(&self, user: &UserId) -> Survives {
        self.place(user).0.survives()
    }

    /// Nothing: a server that is away may come back, and until then whoever hands points in hears of it.
    fn fault(&self) -> Option<String> {
        None
    }
}

impl Drop for StreamsLog {
    fn drop(&mut self) {
        for server in &self.servers {
            server.queue.close();
        }
    }
}
