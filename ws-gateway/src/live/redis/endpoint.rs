mod names;

use std::time::Duration;

use redis::RedisError;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis_connection::{Connector, Facts, Server};

use super::config::Config;
use super::map_name::MapName;
use crate::live::{Error, FixLimit};

/// The script that caches and publishes.
const ANNOUNCE: &str = include_str!("scripts/announce.lua");

/// The script that names what a server remembers.
const EPOCH: &str = include_str!("scripts/epoch.lua");

/// The script that tells gateways with different shard maps apart.
const MAP: &str = include_str!("scripts/map.lua");

/// For how long a server remembers the map of gateways that are gone, milliseconds, at least.
const MAP_REMEMBERED_MS: u64 = 60_000;

/// So many probes may fail before a server forgets the map of living gateways, however rare probes are.
const PROBES_REMEMBERED: u64 = 4;

/// How to reach one server, and what keys and channels are called there.
#[derive(Clone)]
pub(super) struct Endpoint {
    connector: Connector,
    prefix: String,
    /// Channels are the same in all databases of a server, so that they carry its number.
    channel_prefix: String,
    pub(super) command_timeout: Duration,
    pub(super) silence_timeout: Duration,
    pub(super) settle_ms: u64,
    pub(super) map_name: MapName,
    /// For how long the server remembers the map's name, milliseconds; each probe begins that anew.
    pub(super) map_remembered_ms: u64,
    limit: FixLimit,
}

/// A server's memory: its name, and how long nobody may read, milliseconds.
pub(super) struct Memory {
    pub(super) epoch: String,
    pub(super) settling_ms: u64,
}

impl Endpoint {
    pub(super) fn new(
        server: &Server,
        config: &Config,
        map_name: MapName,
        limit: FixLimit,
    ) -> Result<Self, Error> {
        let connector = Connector::new(server, Duration::from_millis(config.connect_timeout_ms))?;
        let database = connector.database();
        Ok(Self {
            connector,
            prefix: config.key_prefix.clone(),
            channel_prefix: format!("{}@{database}:", config.key_prefix),
            command_timeout: Duration::from_millis(config.command_timeout_ms),
            silence_timeout: Duration::from_millis(config.silence_timeout_ms),
            settle_ms: config.settle_ms,
            map_name,
            map_remembered_ms: MAP_REMEMBERED_MS.max(PROBES_REMEMBERED * config.probe_interval_ms),
            limit,
        })
    }

    /// What the settings call the server.
    pub(super) fn name(&self) -> &str {
        self.connector.name()
    }

    /// Host and port, for the log.
    pub(super) fn address(&self) -> &str {
        self.connector.address()
    }

    /// A connection for commands. Silence ends one, not an answer that takes long: see `silence.rs`.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, Error> {
        Ok(self.connector.connect().await?)
    }

    /// A connection on which `subscriber` hears what was published.
    pub(super) async fn connect_subscriber(
        &self,
        subscriber: impl AsyncPushSender,
    ) -> Result<MultiplexedConnection, Error> {
        Ok(self.connector.connect_subscriber(subscriber).await?)
    }

    pub(super) fn silent(&self) -> Error {
        self.connector.silent().into()
    }

    /// What is wrong with this server.
    pub(super) fn fault(&self, why: &str) -> Error {
        self.connector.fault(why).into()
    }

    /// What went wrong, and what to do; never a password.
    pub(super) fn explain(&self, error: RedisError) -> Error {
        self.connector.explain(error).into()
    }

    pub(super) async fn facts(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Facts, Error> {
        Ok(self.connector.facts(connection, self.silence_timeout).await?)
    }

    /// What the server remembers; a new epoch begins if it has forgotten.
    pub(super) async fn memory(
        &self,
        connection: &mut MultiplexedConnection,
        run_id: &str,
        new_epoch: &str,
    ) -> Result<Memory, Error> {
        let mut command = redis::cmd("EVAL");
        command.arg(EPOCH).arg(2).arg(self.epoch_key()).arg(format!("{}:settling", self.prefix));
        command.arg(run_id).arg(new_epoch).arg(self.settle_ms);
        let (epoch, settling_ms) = self.ask(connection, &command).await?;
        Ok(Memory { epoch, settling_ms })
    }

    /// Says by which map this gateway places users, for so many milliseconds, or changes nothing if these are none;
    /// answers why it may not, if gateways with another one work there.
    pub(super) async fn compare_map(
        &self,
        connection: &mut MultiplexedConnection,
        remembered_ms: u64,
    ) -> Result<Option<String>, Error> {
        let MapName { epoch, digest } = self.map_name;
        let mut command = redis::cmd("EVAL");
        command.arg(MAP).arg(1).arg(self.map_key());
        command.arg(epoch).arg(digest.to_string()).arg(remembered_ms);
        let held: Option<String> = self.ask(connection, &command).await?;
        let refused =
            |held: String| self.map_name.refused_by(&held, &self.map_key(), self.map_remembered_ms);
        Ok(held.map(refused))
    }

    /// Gives the server the script; answers what it is called there.
    pub(super) async fn load_script(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<String, Error> {
        let script = ANNOUNCE.replace("@BURST_MS@", &self.limit.burst_ms().to_string());
        self.ask(connection, redis::cmd("SCRIPT").arg("LOAD").arg(script)).await
    }

    /// Does once what a gateway does all the time, on keys of its own that are gone at once.
    pub(super) async fn rehearse(
        &self,
        connection: &mut MultiplexedConnection,
        name: &str,
    ) -> Result<(), Error> {
        let script = self.load_script(connection).await?;
        let key = format!("{}:check:{name}", self.prefix);
        let channel = format!("{}check:{name}", self.channel_prefix);
        let mut pipeline = redis::Pipeline::new();
        pipeline.cmd("EVALSHA").arg(script).arg(1).arg(&key);
        pipeline.arg(&[0_u8; 32]).arg(1).arg(&[0_u8; 24]).arg(&channel).ignore();
        pipeline.cmd("MGET").arg(&key).arg(self.epoch_key()).ignore();
        pipeline.cmd("PTTL").arg(&key).ignore();
        pipeline.cmd("PEXPIRE").arg(&key).arg(1).ignore();
        pipeline.cmd("PUBLISH").arg(&channel).arg("").ignore();
        pipeline.cmd("PUBSUB").arg("NUMSUB").arg(&channel).ignore();
        let notes = format!("{key}:notes");
        pipeline.cmd("ZADD").arg(&notes).arg(1).arg("").ignore();
        pipeline.cmd("ZRANGEBYSCORE").arg(&notes).arg(1).arg(1).ignore();
        pipeline.cmd("ZREMRANGEBYSCORE").arg(&notes).arg("-inf").arg(1).ignore();
        pipeline.cmd("TIME").ignore();
        let connector = &self.connector;
        connector.answer(self.silence_timeout, pipeline.query_async::<()>(connection)).await?;
        let mut subscribing = self.connect_subscriber(|_| Ok::<_, RedisError>(())).await?;
        Ok(connector.answer(self.silence_timeout, subscribing.subscribe(channel)).await?)
    }

    async fn ask<T: redis::FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        command: &redis::Cmd,
    ) -> Result<T, Error> {
        Ok(self.connector.answer(self.silence_timeout, command.query_async(connection)).await?)
    }
}
