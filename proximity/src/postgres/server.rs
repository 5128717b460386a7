use std::fmt;
use std::future::Future;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::target::Target;
use super::{Config, fault};
use crate::error::Error;

/// How long a connection that was idle may take to answer before it is taken for dead, and another one is made.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// How much longer than the server allows a statement we wait for its answer.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// One server, as a config names it.
pub(super) struct Server {
    options: PgConnectOptions,
    pub(super) target: Target,
    longest: Duration,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

impl Server {
    /// The one that is written.
    pub(super) fn primary(config: &Config) -> Result<Self, Error> {
        let connect_timeout = Duration::from_millis(config.connect_timeout_ms);
        let statement_timeout = Duration::from_millis(config.statement_timeout_ms);
        let longest = connect_timeout + statement_timeout + ANSWER_MARGIN;
        Self::of(config, &config.url, connect_timeout, longest)
    }

    /// One that is only read.
    pub(super) fn replica(config: &Config, url: &str) -> Result<Self, Error> {
        let longest = Duration::from_millis(config.replica_timeout_ms);
        Self::of(config, url, longest, longest)
    }

    fn of(
        config: &Config,
        url: &str,
        connect_timeout: Duration,
        longest: Duration,
    ) -> Result<Self, Error> {
        let statement_ms = config.statement_timeout_ms;
        // The later ones win, so what the environment may say of these doesn't count.
        let settings = [
            ("statement_timeout", statement_ms.to_string()),
            ("lock_timeout", config.lock_timeout_ms.to_string()),
            // Whoever dies in mid-transaction, without closing the connection, holds its locks no longer than this.
            ("idle_in_transaction_session_timeout", statement_ms.to_string()),
            // What was answered survives a power cut.
            ("synchronous_commit", "on".to_owned()),
            // Each statement is short; compiling it would take longer, and so would planning it every time.
            ("jit", "off".to_owned()),
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            // All that we ask for is a few ranges of an index, also where the statistics are old or none.
            ("enable_seqscan", "off".to_owned()),
            ("enable_bitmapscan", "off".to_owned()),
        ];
        let options = config.options(url)?.application_name("whereabouts").options(settings);
        let target = Target::of(&options, config.has_password(url), connect_timeout);
        Ok(Self { options, target, longest })
    }

    /// A connection of its own, before anything starts: what is wrong is said as it is.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        let connecting = PgConnection::connect_with(&self.options);
        match self.within(self.target.connect_timeout, connecting).await {
            Ok(connected) => connected.map_err(|error| fault::unusable(&error, &self.target)),
            Err(late) => Err(Error::Unusable(late)),
        }
    }

    /// Connections that write, made when they are needed. A server that just restarts is waited for.
    pub(super) fn writers(&self, connections_max: u32) -> PgPool {
        self.pool_options(connections_max)
            .before_acquire(|connection, _| Box::pin(answers(connection)))
            .after_connect(|connection, _| Box::pin(refuse_replica(connection)))
            .connect_lazy_with(self.options.clone())
    }

    /// Connections to the primary that read: a replica would answer, but not with what was just written.
    pub(super) fn primary_readers(&self, connections_max: u32) -> PgPool {
        self.readers_options(connections_max)
            .after_connect(|connection, _| Box::pin(refuse_replica(connection)))
            .connect_lazy_with(self.options.clone())
    }

    /// Connections that read, made when they are needed.
    pub(super) fn readers(&self, connections_max: u32) -> PgPool {
        self.readers_options(connections_max).connect_lazy_with(self.options.clone())
    }

    /// One that was idle for a moment only isn't tried out, so that a search takes one round trip: whoever finds it
    /// broken asks again.
    fn readers_options(&self, connections_max: u32) -> PgPoolOptions {
        self.pool_options(connections_max).before_acquire(|connection, meta| {
            let is_fresh = meta.idle_for < PING_TIMEOUT;
            Box::pin(async move { if is_fresh { Ok(true) } else { answers(connection).await } })
        })
    }

    fn pool_options(&self, connections_max: u32) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(self.target.connect_timeout)
            // As sqlx's own tests of connections, but bounded: one that is dead while TCP lives would hold its place
            // for a quarter of an hour.
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(answers(connection)))
    }

    /// The answer while serving, or why there is none.
    pub(super) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, Error> {
        match self.within(self.longest, work).await {
            Ok(done) => done.map_err(|error| fault::explain(&error, &self.target)),
            Err(late) => Err(Error::Unavailable(late)),
        }
    }

    /// What comes of the opening, in the time of any other answer.
    pub(super) async fn open<T>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        self.within(self.longest, work).await.unwrap_or_else(|late| Err(Error::Unusable(late)))
    }

    async fn within<T>(
        &self,
        longest: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Result<T, String> {
        let late = |_| format!("{self} doesn't answer within {} ms", longest.as_millis());
        timeout(longest, work).await.map_err(late)
    }
}

async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match timeout(PING_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(late) => Err(sqlx::Error::Io(late.into())),
    }
}

/// A primary may have become a replica since it was connected to first.
async fn refuse_replica(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_replica(connection).await? {
        return Err(sqlx::Error::Configuration("the server is a replica".into()));
    }
    Ok(())
}

pub(super) async fn is_replica(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await
}
