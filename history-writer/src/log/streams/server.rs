use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _};
use redis_connection::Connector;

use super::config::Config;
use crate::Survives;
use crate::log::LogError;

/// A Redis server, and a connection to it that is made when it is needed and again when it was lost.
pub(super) struct Server {
    connector: Connector,
    timeout: Duration,
    /// Whether it is this machine.
    is_here: bool,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// How a server keeps what it answered.
#[derive(Debug, Clone)]
pub(super) struct Keeps {
    /// What survives.
    pub(super) survives: Survives,
    /// What is wrong with it though it can be used.
    pub(super) flaws: Vec<String>,
}

impl Server {
    /// Nothing is reached yet.
    pub(super) fn new(
        server: &redis_connection::Server,
        config: &Config,
    ) -> Result<Self, LogError> {
        let connect_timeout = Duration::from_millis(config.connect_timeout_ms);
        let connector =
            Connector::new(server, connect_timeout).map_err(|error| unusable(&error))?;
        let timeout = Duration::from_millis(config.patience_ms);
        let is_here = is_here(&server.url);
        Ok(Self { connector, timeout, is_here, connection: Mutex::new(None) })
    }

    /// What the settings call it.
    pub(super) fn name(&self) -> &str {
        self.connector.name()
    }

    /// Another connection of its own.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, LogError> {
        self.connector.connect().await.map_err(|error| away(&error))
    }

    /// Has a command carried out.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, LogError> {
        let held = self.connection.lock().clone();
        let mut connection = if let Some(connection) = held {
            connection
        } else {
            let made = self.connect().await?;
            self.connection.lock().insert(made).clone()
        };
        let answer = self.run_on(command, &mut connection).await;
        if answer.is_err() {
            // Whatever is wrong, another connection is no worse.
            *self.connection.lock() = None;
        }
        answer
    }

    /// The same by a connection of the caller's.
    pub(super) async fn run_on<T: FromRedisValue>(
        &self,
        command: &Cmd,
        connection: &mut MultiplexedConnection,
    ) -> Result<T, LogError> {
        let answer = command.query_async(connection);
        self.connector.answer(self.timeout, answer).await.map_err(|error| away(&error))
    }

    /// Asks how it keeps what it answers.
    pub(super) async fn keeps(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Keeps, LogError> {
        let facts = self.connector.facts(connection, self.timeout).await;
        let mut flaws = Vec::new();
        if let Some(policy) = facts.map_err(|error| away(&error))?.evicts {
            flaws.push(format!(
                "it may throw points away when it is full ({policy}): set maxmemory-policy noeviction"
            ));
        }
        let mut asked = Vec::new();
        for name in ["appendonly", "appendfsync"] {
            let mut command = redis::cmd("CONFIG");
            command.arg("GET").arg(name);
            let answer: Result<BTreeMap<String, String>, _> =
                self.run_on(&command, connection).await;
            asked.push(answer.ok().and_then(|mut values| values.remove(name)));
        }
        let is_durable = match [asked[0].as_deref(), asked[1].as_deref()] {
            [Some("yes"), Some("always")] => true,
            [Some("yes"), Some(policy)] => {
                flaws.push(format!(
                    "what it answered in the last second may be lost (appendfsync {policy}): set appendfsync always"
                ));
                false
            }
            [Some(_), _] => {
                flaws.push(
                    "points are lost with it: set appendonly yes and appendfsync always".to_owned(),
                );
                false
            }
            _ => {
                flaws.push(
                    "it doesn't say how it keeps points, which count as in memory only: allow the user CONFIG GET"
                        .to_owned(),
                );
                false
            }
        };
        let survives = match (is_durable && flaws.is_empty(), self.is_here) {
            (true, false) => Survives::LossOfHost,
            (true, true) => Survives::PowerCut,
            (false, _) => Survives::Process,
        };
        Ok(Keeps { survives, flaws })
    }
}

/// Whether an address is surely this machine.
fn is_here(url: &str) -> bool {
    let Ok(info) = url.into_connection_info() else { return true };
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            let address: Option<std::net::IpAddr> = host.trim_matches(['[', ']']).parse().ok();
            host == "localhost" || address.is_some_and(|address| address.is_loopback())
        }
        _ => true,
    }
}

fn away(error: &redis_connection::Error) -> LogError {
    LogError::Unavailable(model::ErrorChain(error).to_string().into())
}

fn unusable(error: &redis_connection::Error) -> LogError {
    LogError::Unusable(model::ErrorChain(error).to_string().into())
}

/// A script that is sent with its text.
pub(super) fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}
