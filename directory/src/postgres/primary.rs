use std::fmt;
use std::future::Future;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::target::Target;
use super::{Config, fault};
use crate::Error;

/// How long a connection that was idle may take to answer before it is taken for dead, and another one is made.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// How much longer than the server allows a statement we wait for its answer.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// The one server that is read and written, as a config names it.
pub(super) struct Primary {
    options: PgConnectOptions,
    pub(super) target: Target,
    connections_max: u32,
    statement_timeout: Duration,
}

impl fmt::Display for Primary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

impl Primary {
    pub(super) fn of(config: &Config) -> Result<Self, Error> {
        let statement_ms = config.statement_timeout_ms;
        // The later ones win, so what the environment may say of these doesn't count.
        let settings = [
            ("statement_timeout", statement_ms.to_string()),
            ("lock_timeout", config.lock_timeout_ms.to_string()),
            // Whoever dies in mid-transaction, without closing the connection, holds its locks no longer than this.
            ("idle_in_transaction_session_timeout", statement_ms.to_string()),
            // What was answered survives a power cut.
            ("synchronous_commit", "on".to_owned()),
            // Each statement is short; compiling it would take longer.
            ("jit", "off".to_owned()),
        ];
        let options = config.options()?.application_name("whereabouts").options(settings);
        let connect_timeout = Duration::from_millis(config.connect_timeout_ms);
        Ok(Self {
            target: Target::of(&options, config.has_password(), connect_timeout),
            options,
            connections_max: config.connections_max,
            statement_timeout: Duration::from_millis(statement_ms),
        })
    }

    /// How long any answer may take, whatever the server and the network do.
    pub(super) fn longest(&self) -> Duration {
        self.target.connect_timeout + self.statement_timeout + ANSWER_MARGIN
    }

    /// A connection of its own, before anything starts: what is wrong is said as it is.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        let connecting = PgConnection::connect_with(&self.options);
        match self.within(self.target.connect_timeout, connecting).await {
            Ok(connected) => connected.map_err(|error| fault::unusable(&error, &self.target)),
            Err(late) => Err(Error::Unusable(late)),
        }
    }

    /// The connections of this process, made when they are needed. A server that just restarts is waited for.
    pub(super) fn pool(&self) -> PgPool {
        self.pool_options(self.connections_max)
            // As sqlx's own tests of connections, but bounded: one that is dead while TCP lives would hold its place
            // for a quarter of an hour.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(answers(connection)))
            .after_release(|connection, _| Box::pin(answers(connection)))
            .connect_lazy_with(self.options.clone())
    }

    /// The one connection to listen on; its name tells it from the others in `pg_stat_activity`.
    pub(super) fn pool_to_listen(&self) -> PgPool {
        let options = self.options.clone().application_name("whereabouts listening");
        self.pool_options(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options)
    }

    fn pool_options(&self, connections_max: u32) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(self.target.connect_timeout)
            .after_connect(|connection, _| Box::pin(refuse_replica(connection)))
    }

    /// The answer while serving, or why there is none.
    pub(super) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, Error> {
        match self.within(self.longest(), work).await {
            Ok(done) => done.map_err(|error| fault::explain(&error, &self.target)),
            Err(late) => Err(Error::Unavailable(late)),
        }
    }

    /// What comes of the work, or that it takes too long.
    pub(super) async fn within<T>(
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

/// A primary may have become a replica since, and a replica may lag.
async fn refuse_replica(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_replica(connection).await? {
        return Err(sqlx::Error::Configuration("the server is a replica".into()));
    }
    Ok(())
}

pub(super) async fn is_replica(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await
}
