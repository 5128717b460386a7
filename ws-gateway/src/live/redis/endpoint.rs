mod names;

use std::time::Duration;

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, RedisError, RedisResult, TlsCertificates,
};

use super::config::{Config, Server};
use super::map_name::MapName;
use model::ErrorKind;

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
    pub(super) name: String,
    /// Host and port, for the log.
    pub(super) address: String,
    client: Client,
    prefix: String,
    /// Channels are the same in all databases of a server, so that they carry its number.
    channel_prefix: String,
    connect_timeout: Duration,
    pub(super) command_timeout: Duration,
    pub(super) silence_timeout: Duration,
    pub(super) settle_ms: u64,
    pub(super) map_name: MapName,
    /// For how long the server remembers the map's name, milliseconds; each probe begins that anew.
    pub(super) map_remembered_ms: u64,
    limit: FixLimit,
}

/// What a server says of itself.
pub(super) struct Facts {
    pub(super) run_id: String,
    /// It may throw keys away when it is full.
    pub(super) evicts: Option<String>,
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
        let unusable =
            |why: String| Error::new(ErrorKind::Invalid, format!("redis {}: {why}", server.name));
        let wrong_url = |error: RedisError| unusable("its url is wrong".to_owned()).because(error);
        let read = |path: &std::path::PathBuf| {
            std::fs::read(path)
                .map_err(|e| unusable(format!("can't read {}", path.display())).because(e))
        };
        let info = server.url.as_str().into_connection_info().map_err(wrong_url)?;
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if let Some(path) = &server.password_file {
            let password = String::from_utf8_lossy(&read(path)?).trim_end().to_owned();
            settings = settings.set_password(password);
        }
        let database = settings.db();
        let info: ConnectionInfo = info.set_redis_settings(settings);
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                format!("{host}:{port}")
            }
            other => other.to_string(),
        };
        let client = match &server.tls_ca_file {
            Some(path) => {
                let root_cert = Some(read(path)?);
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
            }
            None => Client::open(info),
        };
        Ok(Self {
            name: server.name.clone(),
            address,
            client: client.map_err(wrong_url)?,
            prefix: config.key_prefix.clone(),
            channel_prefix: format!("{}@{database}:", config.key_prefix),
            connect_timeout: Duration::from_millis(config.connect_timeout_ms),
            command_timeout: Duration::from_millis(config.command_timeout_ms),
            silence_timeout: Duration::from_millis(config.silence_timeout_ms),
            settle_ms: config.settle_ms,
            map_name,
            map_remembered_ms: MAP_REMEMBERED_MS.max(PROBES_REMEMBERED * config.probe_interval_ms),
            limit,
        })
    }

    fn settings(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            // Silence ends a connection, not an answer that takes long: see `silence.rs`.
            .set_response_timeout(None)
    }

    /// A connection for commands.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, Error> {
        self.connect_with(self.settings()).await
    }

    /// A connection on which `subscriber` hears what was published.
    pub(super) async fn connect_subscriber(
        &self,
        subscriber: impl AsyncPushSender,
    ) -> Result<MultiplexedConnection, Error> {
        self.connect_with(self.settings().set_push_sender(subscriber)).await
    }

    async fn connect_with(
        &self,
        settings: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, Error> {
        let connecting = self.client.get_multiplexed_async_connection_with_config(&settings);
        // The library's own limit ends with the TCP connection, before the server has said a word.
        self.in_time(self.connect_timeout, connecting).await
    }

    pub(super) fn silent(&self) -> Error {
        self.fault("it doesn't answer in time")
    }

    /// What is wrong with this server.
    pub(super) fn fault(&self, why: &str) -> Error {
        let Self { name, address, .. } = self;
        Error::unavailable(format!("redis {name} at {address}: {why}"))
    }

    pub(super) async fn facts(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Facts, Error> {
        let info: String = self.ask(connection, &redis::cmd("INFO")).await?;
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        if field("redis_mode") == "cluster" {
            return Err(self.fault(
                "it is a node of a Redis Cluster, which can't be a shard: give each of its nodes to redis.shards as a \
                 server of its own, with cluster-enabled no",
            ));
        }
        let policy = field("maxmemory_policy");
        let limited = field("maxmemory") != "0";
        let evicts = (limited && policy != "noeviction").then_some(policy);
        Ok(Facts { run_id: field("run_id"), evicts })
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
        self.in_time(self.silence_timeout, pipeline.query_async::<()>(connection)).await?;
        let mut subscribing = self.connect_subscriber(|_| Ok::<_, RedisError>(())).await?;
        self.in_time(self.silence_timeout, subscribing.subscribe(channel)).await
    }

    async fn ask<T: redis::FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        command: &redis::Cmd,
    ) -> Result<T, Error> {
        self.in_time(self.silence_timeout, command.query_async(connection)).await
    }

    async fn in_time<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|e| self.explain(e)),
            Err(_) => Err(self.silent()),
        }
    }

    /// What went wrong, and what to do; never a password.
    pub(super) fn explain(&self, error: RedisError) -> Error {
        let Self { name, address, .. } = self;
        let failed = match error.code().unwrap_or_default() {
            "WRONGPASS" => self.fault("the user or the password is wrong"),
            "NOAUTH" => self.fault("it wants a password, and none is set"),
            "NOPERM" => self.fault("the user isn't allowed to"),
            _ if error.kind() == redis::ErrorKind::AuthenticationFailed => {
                self.fault("the user or the password is wrong")
            }
            _ if error.is_timeout() => self.silent(),
            _ if error.is_io_error() => self.fault("can't be reached"),
            _ => Error::unavailable(format!("redis {name} at {address}")),
        };
        failed.because(error)
    }
}
