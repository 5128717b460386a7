use std::fmt;
use std::future::Future;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::{Instant, timeout};

use super::connection::{is_answering, refuse_replica};
use super::login::Login;
use super::readers::{ReadFrom, Readers};
use crate::StoreError;

/// A read that fails sooner is tried again.
const SOON: Duration = Duration::from_millis(500);
/// How much longer than the server allows a statement we wait for its answer.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// How long a server is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For a connection, a new or a free one.
    pub connect: Duration,
    /// By a statement for those before it.
    pub lock: Duration,
    /// For a statement, and by the server for the next one of a transaction.
    pub statement: Duration,
    /// For any answer, whatever the server and the network do.
    pub answer: Duration,
}

impl Times {
    /// With an answer as late as the others allow.
    pub fn of_ms(connect_ms: u64, lock_ms: u64, statement_ms: u64) -> Self {
        let [connect, lock, statement] =
            [connect_ms, lock_ms, statement_ms].map(Duration::from_millis);
        Self { connect, lock, statement, answer: connect + statement + ANSWER_MARGIN }
    }
}

/// One server, as a config names it.
pub struct Server {
    pub(super) options: PgConnectOptions,
    /// Host and port, for people.
    address: String,
    pub(super) has_password: bool,
    pub(super) connect_timeout: Duration,
    answer_timeout: Duration,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

impl Server {
    /// Nothing is reached yet. The settings are of each connection, beside those that all parts have.
    pub fn new(
        login: &Login<'_>,
        times: Times,
        settings: &[(&str, &str)],
    ) -> Result<Self, StoreError> {
        let statement_ms = times.statement.as_millis().to_string();
        // The later ones win, so what the environment may say of these doesn't count.
        let of_all = [
            ("statement_timeout", statement_ms.clone()),
            ("lock_timeout", times.lock.as_millis().to_string()),
            // Whoever dies in mid-transaction, without closing the connection, holds its locks no longer than this.
            ("idle_in_transaction_session_timeout", statement_ms),
            // What was answered survives a power cut.
            ("synchronous_commit", "on".to_owned()),
            // Each statement is short; compiling it would take longer.
            ("jit", "off".to_owned()),
        ];
        let options = login.options()?.application_name("whereabouts");
        let options = options.options(of_all).options(settings.iter().copied());
        let host = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        Ok(Self {
            address: format!("{host}:{}", options.get_port()),
            options,
            has_password: login.has_password(),
            connect_timeout: times.connect,
            answer_timeout: times.answer,
        })
    }

    /// A connection of its own, before anything starts: what is wrong is said as it is.
    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        match timeout(self.connect_timeout, PgConnection::connect_with(&self.options)).await {
            Ok(connected) => connected.map_err(|error| self.unusable(error)),
            Err(_) => Err(StoreError::unusable(self.late(self.connect_timeout))),
        }
    }

    /// Connections to a primary, at most as many, made when they are needed. A server that just restarts is waited for.
    pub fn primary_pool(&self, connections_max: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(self.connect_timeout)
            // As sqlx's own tests of connections, but bounded: one that is dead while TCP lives would hold its place
            // for a quarter of an hour.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(is_answering(connection)))
            .after_release(|connection, _| Box::pin(is_answering(connection)))
            .after_connect(|connection, _| Box::pin(refuse_replica(connection)))
            .connect_lazy_with(self.options.clone())
    }

    /// Connections for single statements, at most as many, made when they are needed.
    pub fn readers(&self, from: ReadFrom, connections_max: u32) -> Readers {
        Readers::new(self.options.clone(), from, connections_max, self.connect_timeout)
    }

    /// The answer while serving, or why there is none.
    pub async fn answer<T, E: From<StoreError>>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, E> {
        let answered = match timeout(self.answer_timeout, work).await {
            Ok(done) => done.map_err(|error| self.explain(error)),
            Err(_) => Err(StoreError::unavailable(self.late(self.answer_timeout))),
        };
        answered.map_err(E::from)
    }

    /// The answer to a read. One that fails soon is asked again: its connection may have been cut while nobody used it.
    pub async fn read<T, W>(&self, work: impl Fn() -> W + Send + Sync) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, sqlx::Error>> + Send,
    {
        let start = Instant::now();
        match self.answer(work()).await {
            Err(error) if StoreError::is_unavailable(&error) && start.elapsed() < SOON => {
                self.answer(work()).await
            }
            answered => answered,
        }
    }

    /// What comes of the opening, in the time of any other answer.
    pub async fn open<T, E: From<StoreError>>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let opened = timeout(self.answer_timeout, work).await;
        opened.unwrap_or_else(|_| Err(StoreError::unusable(self.late(self.answer_timeout)).into()))
    }

    pub(super) fn late(&self, longest: Duration) -> String {
        format!("{self} doesn't answer within {} ms", longest.as_millis())
    }

    pub(super) fn database(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }
}
