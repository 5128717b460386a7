//! One `SQLite` file, for a deployment of one process.

mod error;
mod look;
mod schema;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use crate::StoreError;

/// How long to wait for a lock, such as one held by a backup.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for a connection.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at a time; more gain nothing, since each runs in a thread of its own.
pub const READERS_MAX: u32 = 4;
/// Prepared statements kept per connection; there are fewer that come again.
const STATEMENTS_MAX: usize = 64;

/// An open file. One process at a time may have it open.
#[derive(Debug)]
pub struct File {
    // SQLite has one writer at a time anyway; the lock is held for a transaction. None after one that failed.
    writer: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
    readers: SqlitePool,
}

impl File {
    /// Opens or makes the file, in a folder that must exist, and brings its schema up to date: the steps that are missing
    /// are taken, all or none. Each step leads from the version that is its index to the next. Every connection keeps
    /// pages of `cache_kib` KiB.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, no database, or comes from a newer version.
    pub async fn open(
        path: &Path,
        cache_kib: u32,
        steps: &[&'static str],
    ) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode anything less lets a power cut take back what was answered.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // Below zero it counts KiB, else pages.
            .pragma("cache_size", format!("-{cache_kib}"))
            .statement_cache_capacity(STATEMENTS_MAX);
        let unusable = |error| error::at(path, error);
        let mut writer = SqliteConnection::connect_with(&options).await.map_err(unusable)?;
        let found = schema::version(&mut writer).await.map_err(unusable)?;
        StoreError::if_newer(found, steps)?;
        schema::take(&mut writer, found, steps).await.map_err(unusable)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A file doesn't hang up; asking first takes as long as a small read.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(unusable)?;
        Ok(Self { writer: Mutex::new(Some(writer)), options, readers })
    }

    /// Errs if the file couldn't be opened, as far as can be told while nothing is changed or locked: also one that another
    /// process has open. One that is missing will be made.
    pub fn check(path: &Path, steps: &[&'static str]) -> Result<(), StoreError> {
        look::look(path, steps)
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), StoreError> {
        self.readers.close().await;
        let Some(writer) = self.writer.into_inner() else { return Ok(()) };
        writer.close().await.map_err(error::explain)
    }

    /// The connections that read.
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// The connection that writes, as soon as nobody else has it.
    pub async fn writer(&self) -> Result<Writer<'_>, sqlx::Error> {
        let mut place = self.writer.lock().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(Writer { place, connection })
    }
}

/// The connection that writes, out of its place until all has gone well. Of a transaction that failed `SQLite` may have
/// rolled back by itself, as it does when the disk is full, or not; sqlx can't tell and would refuse to begin another. So
/// whoever doesn't [`keep`](Self::keep) it closes it, and the next one makes another.
#[derive(Debug)]
#[must_use]
pub struct Writer<'a> {
    place: MutexGuard<'a, Option<SqliteConnection>>,
    connection: SqliteConnection,
}

impl Writer<'_> {
    /// Takes the write lock at once: nothing read in the transaction can be changed by another before the commit.
    pub async fn begin(&mut self) -> Result<Transaction<'_, Sqlite>, sqlx::Error> {
        self.connection.begin_with("BEGIN IMMEDIATE").await
    }

    /// Moves what was committed into the file and empties its log, so that old pages aren't left there. Where a read that began
    /// earlier takes longer than [`BUSY_TIMEOUT`], the log is emptied some time later.
    pub async fn empty_log(&mut self) -> Result<(), sqlx::Error> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        sqlx::raw_sql(sql).execute(&mut self.connection).await.map(|_| ())
    }

    /// The transaction has ended well: the next one may have the connection.
    pub fn keep(mut self) {
        *self.place = Some(self.connection);
    }
}

/// The answer while serving, or why there is none.
pub async fn answer<T, E: From<StoreError>>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, E> {
    work.await.map_err(|error| error::explain(error).into())
}
