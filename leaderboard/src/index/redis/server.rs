use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};
use model::ErrorKind;
use parking_lot::Mutex;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{Cmd, FromRedisValue, RedisError, ServerErrorKind, cmd};
use redis_connection::Connector;

use super::keys::Keys;
use super::scripts::Script;
use super::{Config, ServerConfig};
use crate::metrics::{
    REDIS_FORK, REDIS_MEMORY, REDIS_MEMORY_MAX, REDIS_RECONNECTS, REDIS_SAVE_COPIED, REDIS_SCRIPT,
};
use crate::{BoardNumber, Error, StoreError};

/// Answers that say that the server isn't what it was: whoever follows connects anew.
const BEGINS_ANEW: [&str; 5] = ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "NOPERM"];

/// One server. Its follower connects; whoever reads finds a connection, or is told at once that there is none.
#[derive(Debug)]
pub(super) struct Server {
    connector: Connector,
    command_timeout: Duration,
    link: Mutex<Option<Link>>,
}

/// A connection, with what scripts are called there.
#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    names: Arc<[String]>,
    /// Tells it from those before and after.
    made: Instant,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Server {
    /// Nothing is reached yet. Errs if how to reach it can't be right.
    pub(super) fn new(server: &ServerConfig, config: &Config) -> Result<Self, StoreError> {
        let connector = Connector::new(server, config.connect_timeout).map_err(store_error)?;
        let command_timeout = config.command_timeout;
        Ok(Self { connector, command_timeout, link: Mutex::new(None) })
    }

    /// What the settings call it.
    pub(super) fn name(&self) -> &str {
        self.connector.name()
    }

    /// The number of its database.
    pub(super) fn database(&self) -> i64 {
        self.connector.database()
    }

    /// Whether there is a connection, as far as is known.
    pub(super) fn is_connected(&self) -> bool {
        self.link.lock().is_some()
    }

    /// Connects, and gives the server the scripts. `connected` is called before anybody may use the connection.
    pub(super) async fn connect(&self, connected: impl FnOnce() + Send) -> Result<(), Error> {
        let mut connection = self.connector.connect().await.map_err(store_error)?;
        self.measure(&mut connection).await?;
        let mut names = Vec::new();
        for script in Script::ALL {
            let mut load = cmd("SCRIPT");
            load.arg("LOAD").arg(script.text());
            names.push(self.answer(&load, &mut connection).await?);
        }
        connected();
        counter!(REDIS_RECONNECTS, "shard" => self.name().to_owned()).increment(1);
        let (names, made) = (names.into(), Instant::now());
        *self.link.lock() = Some(Link { connection, names, made });
        Ok(())
    }

    /// Connects, and does once what is done all the time; answers what is wrong with the server though it can be used.
    pub(super) async fn rehearse(&self, keys: &Keys) -> Result<Option<String>, StoreError> {
        let mut connection = self.connector.connect().await.map_err(store_error)?;
        let facts = self.connector.facts(&mut connection, self.command_timeout).await;
        let evicts = facts.map_err(store_error)?.evicts;
        let (nobody, no_keys) = (BoardNumber(u64::MAX), Vec::<String>::new());
        let names = [keys.state(nobody), keys.build(nobody), keys.boards()];
        for (script, names) in [(Script::Remove, &names[..]), (Script::States, &no_keys[..])] {
            let mut call = cmd("EVAL");
            call.arg(script.text()).arg(names.len()).arg(names);
            let answer = call.query_async::<redis::Value>(&mut connection);
            self.connector.answer(self.command_timeout, answer).await.map_err(store_error)?;
        }
        Ok(evicts.map(|policy| {
            format!("it may throw standings away when it is full ({policy}): set maxmemory-policy noeviction")
        }))
    }

    /// A connection on which `subscriber` hears what was published on such channels.
    pub(super) async fn subscribe(
        &self,
        channels: &str,
        subscriber: impl AsyncPushSender,
    ) -> Result<MultiplexedConnection, Error> {
        let connecting = self.connector.connect_subscriber(subscriber).await;
        let mut connection = connecting.map_err(store_error)?;
        let subscribing = connection.psubscribe(channels);
        self.connector.answer(self.command_timeout, subscribing).await.map_err(store_error)?;
        Ok(connection)
    }

    /// Has a script carried out.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: Script,
        keys: &[String],
        arguments: &[Vec<u8>],
    ) -> Result<T, Error> {
        let link = self.link()?;
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let call = |command: &str, script: &str| {
            let mut call = cmd(command);
            call.arg(script).arg(keys.len()).arg(keys).arg(arguments);
            call
        };
        let mut connection = link.connection.clone();
        let by_name = call("EVALSHA", &link.names[script as usize]);
        let mut answer = self.try_answer(&by_name, &mut connection).await;
        if answer.as_ref().is_err_and(|e| e.as_ref().is_some_and(is_forgotten)) {
            let by_text = call("EVAL", script.text());
            answer = self.try_answer(&by_text, &mut connection).await;
        }
        let labels = [("shard", self.name().to_owned()), ("script", script.as_str().to_owned())];
        histogram!(REDIS_SCRIPT, &labels).record(started.elapsed().as_secs_f64());
        self.judge(&link, answer)
    }

    /// Has a command carried out.
    pub(super) async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let link = self.link()?;
        let answer = self.try_answer(command, &mut link.connection.clone()).await;
        self.judge(&link, answer)
    }

    /// Measures the server's memory.
    pub(super) async fn look_at_memory(&self) -> Result<(), Error> {
        let link = self.link()?;
        self.measure(&mut link.connection.clone()).await
    }

    async fn measure(&self, connection: &mut MultiplexedConnection) -> Result<(), Error> {
        let facts = self.connector.facts(connection, self.command_timeout).await;
        let facts = facts.map_err(store_error)?;
        if let Some(policy) = &facts.evicts {
            let shard = self.name();
            tracing::debug!(
                shard,
                policy,
                "it may throw standings away: set maxmemory-policy noeviction"
            );
        }
        let set = |name: &'static str, value: f64| {
            gauge!(name, "shard" => self.name().to_owned()).set(value);
        };
        set(REDIS_MEMORY, facts.memory_used_bytes as f64);
        set(REDIS_MEMORY_MAX, facts.memory_max_bytes as f64);
        set(REDIS_FORK, facts.fork_us as f64 / 1e6);
        set(REDIS_SAVE_COPIED, facts.save_copied_bytes as f64);
        Ok(())
    }

    fn link(&self) -> Result<Link, Error> {
        let away = || store_error(self.connector.fault("it isn't connected")).into();
        self.link.lock().clone().ok_or_else(away)
    }

    async fn answer<T: FromRedisValue>(
        &self,
        command: &Cmd,
        connection: &mut MultiplexedConnection,
    ) -> Result<T, Error> {
        let answer = self.connector.answer(self.command_timeout, command.query_async(connection));
        Ok(answer.await.map_err(store_error)?)
    }

    /// Nothing, if no answer comes in time.
    async fn try_answer<T: FromRedisValue>(
        &self,
        command: &Cmd,
        connection: &mut MultiplexedConnection,
    ) -> Result<T, Option<RedisError>> {
        let answer = command.query_async(connection);
        tokio::time::timeout(self.command_timeout, answer).await.map_err(|_| None)?.map_err(Some)
    }

    /// What an answer means; a connection that is of no more use is given up.
    fn judge<T>(&self, link: &Link, answer: Result<T, Option<RedisError>>) -> Result<T, Error> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let is_over = error.as_ref().is_none_or(|error| {
            let begins_anew = error.code().is_some_and(|code| BEGINS_ANEW.contains(&code));
            begins_anew || error.is_io_error() || error.is_timeout()
        });
        let mut held = self.link.lock();
        if is_over && held.as_ref().is_some_and(|held| held.made == link.made) {
            *held = None;
        }
        drop(held);
        let error = error.map_or_else(|| self.connector.silent(), |e| self.connector.explain(e));
        Err(store_error(error).into())
    }
}

/// Whether the server has forgotten a script.
fn is_forgotten(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript)
}

fn store_error(error: redis_connection::Error) -> StoreError {
    let redis_connection::Error { kind, what, source } = error;
    let failed = match kind {
        ErrorKind::Invalid => StoreError::unusable(what),
        _ => StoreError::unavailable(what),
    };
    match source {
        Some(source) => failed.caused_by(source),
        None => failed,
    }
}
