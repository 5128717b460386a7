//! Chunks in Cassandra or `ScyllaDB`, for any number of processes.
//!
//! ```text
//! put ─▶ a row of `chunks` and one of `buckets` for each chunk, so many at a time ─▶ written to a quorum ─▶ answered
//! ```
//! A user's chunks of a week are a partition of `chunks`, the latest first. `buckets` says which weeks a user has something
//! in, so that nobody has to look through all of them.
//!
//! **Time of writing.** A chunk and its bucket are written as of when the newest of its points was received, an erasure as of
//! when it was asked for. So the database itself keeps what came after an erasure, and drops what came before it also if it is
//! written again later, in whatever order the statements arrive. What is repeated changes nothing.
//!
//! **Durability.** As that of the database: a write is answered by a quorum of the copies, each of which syncs its log after
//! some seconds (`commitlog_sync`), and what it hadn't synced is lost when it dies. So whoever stores hears of each node that
//! is gone ([`Store::outages`]), and stores the last minute again, which logs keep for that.
//!
//! **Retention** is the time after which the tables let rows expire, counted from when they are written. A chunk that is stored
//! late expires late. [`migrate`] sets it; rows that are there already keep the one of when they were written.
//!
//! **Limits.** [`Config::in_flight_max`] statements of this process at a time, each for [`Config::statement_timeout_ms`].

mod check;
mod config;
mod erasing;
mod error;
mod health;
mod reading;
mod schema;
mod session;
mod statements;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use model::{Timestamp, UserId, crash};
use scylla::client::session::Session;
use scylla::response::query_result::QueryRowsResult;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use sql::StoreError;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::known_fault::KnownFault;
use super::{ChunkPlace, Store, StoreAnswer, StoredChunk};
use crate::{Direction, Erasure, SealedChunk, TimeRange};
pub use check::check;
pub use config::{Config, Consistency};
pub use schema::{Migrated, migrate};
use statements::Statements;

/// The store in Cassandra or `ScyllaDB`.
pub struct CassandraStore {
    shared: Arc<Shared>,
    looking: JoinHandle<()>,
}

struct Shared {
    session: Session,
    statements: Statements,
    /// A permit for each statement that may be under way.
    in_flight: Semaphore,
    in_flight_max: usize,
    fault: KnownFault,
    /// How often one of the nodes was gone.
    outages: AtomicU64,
}

impl fmt::Debug for CassandraStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CassandraStore")
    }
}

impl Drop for CassandraStore {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl CassandraStore {
    /// Connects, and begins to look how the database is, within a tokio runtime. `retention` is as for [`migrate`].
    ///
    /// Errs, saying what to do, if no node can be reached or admits the user, or if the keyspace or its tables are missing,
    /// older, or newer than this program.
    pub async fn connect(config: &Config, retention: Option<Duration>) -> Result<Self, StoreError> {
        let session = session::connect(config).await?;
        schema::require(&session, config, retention).await?;
        let statements = Statements::prepare(&session, &config.keyspace).await;
        let shared = Arc::new(Shared {
            statements: statements.map_err(|error| error::unusable(config, error))?,
            session,
            in_flight: Semaphore::new(config.in_flight_max as usize),
            in_flight_max: config.in_flight_max as usize,
            fault: KnownFault::new("the database of movement history"),
            outages: AtomicU64::new(0),
        });
        let looking = tokio::spawn(health::run(Arc::clone(&shared)));
        Ok(Self { shared, looking })
    }
}

impl Shared {
    /// Runs a statement once fewer than the most are under way.
    async fn run(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        let _permit = self.in_flight.acquire().await;
        let done = self.session.execute_unpaged(statement, values).await;
        done.map(drop).map_err(error::explain)
    }

    /// The rows of a statement that has some, or none; as [`Self::run`].
    async fn rows(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<QueryRowsResult, StoreError> {
        let _permit = self.in_flight.acquire().await;
        let found = self.session.execute_unpaged(statement, values).await;
        found.map_err(error::explain)?.into_rows_result().map_err(error::damaged)
    }

    async fn put(&self, chunks: &[StoredChunk]) -> Result<(), StoreError> {
        let writes = stream::iter(0..chunks.len()).map(|at| self.put_chunk(&chunks[at]));
        let put = writes.buffer_unordered(self.in_flight_max).try_collect::<()>().await;
        crash::point("history.cassandra_written");
        match put {
            // It may not be the chunk: nothing is given up because somebody dropped a table.
            Err(error) if !error.is_unavailable() => match self.look().await {
                Ok(()) => Err(error),
                Err(away) => Err(away),
            },
            put => put,
        }
    }

    async fn put_chunk(&self, chunk: &StoredChunk) -> Result<(), StoreError> {
        let StoredChunk { user, sealed, last, received, points } = chunk;
        let (user, bucket, at) = (user.as_str(), sealed.bucket.0, micros(*received));
        let (place, points, bytes) = (sealed.place(), *points as i16, sealed.bytes.as_slice());
        let row = (user, bucket, place.first.0, place.signed_digest(), last.0, points, bytes, at);
        let Statements { put_bucket, put_chunk, .. } = &self.statements;
        let bucket = self.run(put_bucket, (user, bucket, at));
        let (bucket, chunk) = tokio::join!(bucket, self.run(put_chunk, row));
        bucket.and(chunk)
    }

    /// Whether the tables can be read.
    async fn look(&self) -> Result<(), StoreError> {
        let looked = self.run(&self.statements.version, ()).await;
        looked.map_err(|error| StoreError::unavailable("its tables can't be read").caused_by(error))
    }
}

/// The microseconds since 1970 that the database counts in. It has no smallest number.
fn micros(at: Timestamp) -> i64 {
    at.0.saturating_mul(1_000).max(i64::MIN + 1)
}

impl Store for CassandraStore {
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()> {
        Box::pin(self.shared.put(chunks))
    }

    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>> {
        Box::pin(self.shared.chunks(user, starts, direction, after, limit))
    }

    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()> {
        Box::pin(self.shared.erase(user, erasure))
    }

    /// Nothing: rows expire by themselves.
    fn forget(&self, _received_before: Timestamp, _limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn outages(&self) -> u64 {
        self.shared.outages.load(Ordering::Acquire)
    }

    fn fault(&self) -> Option<String> {
        if self.looking.is_finished() {
            return Some("a task beside the store of movement history has stopped".to_owned());
        }
        self.shared.fault.get()
    }
}
