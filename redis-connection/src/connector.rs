use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use model::ErrorChain;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, RedisError, RedisResult, TlsCertificates,
};

use crate::{Error, Facts, Server};

/// What begins a certificate in PEM.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// How to reach one server; cheap to clone.
#[derive(Clone)]
pub struct Connector {
    name: String,
    address: String,
    client: Client,
    database: i64,
    connect_timeout: Duration,
}

/// Without the password, which the client has.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.address)
    }
}

impl Server {
    /// Errs if files that are named here can't be used. Nothing is reached.
    pub fn check_files(&self) -> Result<(), String> {
        if self.check().is_err() {
            // What that says comes first.
            return Ok(());
        }
        let made = Connector::new(self, Duration::ZERO);
        made.map(drop).map_err(|error| ErrorChain(&error).to_string())
    }
}

impl Connector {
    /// Reads the files that the settings name; nothing is reached. `connect_timeout` is how long the server may take to let
    /// us in.
    pub fn new(server: &Server, connect_timeout: Duration) -> Result<Self, Error> {
        let unusable = |why: String| Error::invalid(format!("redis {}: {why}", server.name));
        let wrong_url = |error: RedisError| unusable("its url is wrong".to_owned()).because(error);
        let read = |path: &PathBuf| {
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
                let root_cert = read(path)?;
                let none = || unusable(format!("{} has no certificate in PEM", path.display()));
                if !root_cert.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
                    return Err(none());
                }
                let root_cert = Some(root_cert);
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
            }
            None => Client::open(info),
        };
        let (name, client) = (server.name.clone(), client.map_err(wrong_url)?);
        Ok(Self { name, address, client, database, connect_timeout })
    }

    /// What the settings call the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its host and port, for the log.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The number of the database there. Channels are the same in all of them.
    pub fn database(&self) -> i64 {
        self.database
    }

    fn settings(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            // Each part limits its waiting itself.
            .set_response_timeout(None)
    }

    /// A connection for commands.
    pub async fn connect(&self) -> Result<MultiplexedConnection, Error> {
        self.connect_with(self.settings()).await
    }

    /// A connection on which `subscriber` hears what was published.
    pub async fn connect_subscriber(
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
        self.answer(self.connect_timeout, connecting).await
    }

    /// What the server says of itself, within `limit`. Errs if it can't be one of several among which users are placed.
    pub async fn facts(
        &self,
        connection: &mut MultiplexedConnection,
        limit: Duration,
    ) -> Result<Facts, Error> {
        let info: String = self.answer(limit, redis::cmd("INFO").query_async(connection)).await?;
        let facts = Facts::parse(&info);
        if facts.is_of_cluster {
            return Err(self.fault(
                "it is a node of a Redis Cluster, which can't be a shard: give each of its nodes to redis.shards as a \
                 server of its own, with cluster-enabled no",
            ));
        }
        Ok(facts)
    }

    /// Waits for an answer, but no longer than `limit`.
    pub async fn answer<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|e| self.explain(e)),
            Err(_) => Err(self.silent()),
        }
    }

    /// That no answer came in time.
    pub fn silent(&self) -> Error {
        self.fault("it doesn't answer in time")
    }

    /// What is wrong with this server.
    pub fn fault(&self, why: &str) -> Error {
        let Self { name, address, .. } = self;
        Error::unavailable(format!("redis {name} at {address}: {why}"))
    }

    /// What went wrong, and what to do; never a password.
    pub fn explain(&self, error: RedisError) -> Error {
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
