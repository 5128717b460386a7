use std::fmt;
use std::future::Future;
use std::time::Duration;

use sql::postgres::Times;
use sqlx::{PgConnection, PgPool};

use super::Config;
use crate::error::Error;
use sql::postgres::{ReadFrom, Readers};

/// What each connection is set to beside what all parts set.
const SETTINGS: [(&str, &str); 3] = [
    // Each statement is short; planning it every time would take longer.
    ("plan_cache_mode", "force_generic_plan"),
    // All that we ask for is a few ranges of an index, also where the statistics are old or none.
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
];

/// One server, as a config names it.
pub(super) struct Server {
    pub(super) server: sql::postgres::Server,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl Server {
    /// The one that is written.
    pub(super) fn primary(config: &Config) -> Result<Self, Error> {
        Self::of(config, &config.url, config.times())
    }

    /// One that is only read.
    pub(super) fn replica(config: &Config, url: &str) -> Result<Self, Error> {
        let longest = Duration::from_millis(config.replica_timeout_ms);
        Self::of(config, url, Times { answer: longest, ..config.times() })
    }

    /// The same, waited for as long as for the primary.
    pub(super) fn patient_replica(config: &Config, url: &str) -> Result<Self, Error> {
        Self::of(config, url, config.times())
    }

    fn of(config: &Config, url: &str, times: Times) -> Result<Self, Error> {
        config.validate().map_err(Error::Unusable)?;
        let server = sql::postgres::Server::of(&config.login(url), times, &SETTINGS)?;
        Ok(Self { server })
    }

    /// A connection of its own, before anything starts: what is wrong is said as it is.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        Ok(self.server.connect().await?)
    }

    /// Connections that write, made when they are needed. A server that just restarts is waited for.
    pub(super) fn writers(&self, connections_max: u32) -> PgPool {
        self.server.primary_pool(connections_max)
    }

    /// Connections that read, made when they are needed.
    pub(super) fn readers(&self, from: ReadFrom, connections_max: u32) -> Readers {
        self.server.readers(from, connections_max)
    }

    /// The answer while serving, or why there is none.
    pub(super) fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        self.server.answer(work)
    }

    /// What comes of the opening, in the time of any other answer.
    pub(super) fn open<T>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        self.server.open(work)
    }

    /// What an error before anything starts says of the server.
    pub(super) fn unusable(&self, error: &sqlx::Error) -> Error {
        self.server.unusable(error).into()
    }
}
