//! The directory in one `SQLite` file, for a deployment of one process.

mod fault;
mod load;
mod read;
mod save;
mod schema;

use std::path::Path;
use std::time::Duration;

use model::UserId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use crate::changes::Feed;
use crate::ledger::{Dirty, Ledger, Needs};
use crate::{
    Answer, Change, Entry, Error, Limits, List, Listener, Order, Outcome, Refusal, Relation, Store,
    StoredCircle, User,
};
use fault::explain;

/// The file in the data directory; `SQLite` keeps its log and index beside it.
pub const FILE_NAME: &str = "directory.sqlite";

/// How long to wait for a lock, such as one held by a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at a time; more gain nothing, since each runs in a thread of its own.
const READERS_MAX: u32 = 4;
/// Prepared statements kept per connection; there are fewer.
const STATEMENTS_MAX: usize = 64;

/// The embedded store. One process at a time may have a file open: changes made by another wouldn't be announced.
#[derive(Debug)]
pub struct EmbeddedStore {
    // SQLite has one writer at a time anyway; the lock is held for a transaction. None after one that failed.
    writer: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
    readers: SqlitePool,
    feed: Feed,
}

impl EmbeddedStore {
    /// Opens the file in `data_dir`, which must exist, and brings its schema up to date.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join(FILE_NAME);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode anything less lets a power cut take back what was answered.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENTS_MAX);
        let unusable = |error: sqlx::Error| fault::at(&path, &error);
        let mut writer = SqliteConnection::connect_with(&options).await.map_err(unusable)?;
        schema::migrate(&mut writer).await?.map_err(unusable)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(unusable)?;
        Ok(Self { writer: Mutex::new(Some(writer)), options, readers, feed: Feed::default() })
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), Error> {
        self.readers.close().await;
        let Some(writer) = self.writer.into_inner() else { return Ok(()) };
        writer.close().await.map_err(|error| explain(&error))
    }

    async fn commit(
        &self,
        orders: &[Order],
        limits: &Limits,
    ) -> Result<(Vec<Result<Outcome, Refusal>>, Dirty), sqlx::Error> {
        let mut writer = self.writer.lock().await;
        // Out of its place until all has gone well. Of a transaction that failed SQLite may have rolled back by itself,
        // as it does when the disk is full, or not; sqlx can't tell and would refuse to begin another.
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        // Takes the write lock at once: nothing read here can be changed by another before the commit.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut ledger: Ledger = load::ledger(&mut transaction, &Needs::of(orders)).await?;
        let outcomes = orders.iter().map(|order| ledger.apply(order, limits)).collect();
        let dirty = ledger.into_dirty();
        if dirty.is_empty() {
            transaction.rollback().await?;
        } else {
            save::dirty(&mut transaction, &dirty).await?;
            transaction.commit().await?;
        }
        *writer = Some(connection);
        Ok((outcomes, dirty))
    }
}

impl Store for EmbeddedStore {
    fn apply(
        &self,
        orders: Vec<Order>,
        limits: Limits,
    ) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        Box::pin(async move {
            let (outcomes, dirty) =
                self.commit(&orders, &limits).await.map_err(|error| explain(&error))?;
            if !dirty.touched.is_empty() {
                self.feed.announce(&Change::Touched(dirty.touched));
            }
            Ok(outcomes)
        })
    }

    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>> {
        Box::pin(async move { read::users(&self.readers, ids).await.map_err(|e| explain(&e)) })
    }

    fn relations<'a>(&'a self, pairs: &'a [(UserId, UserId)]) -> Answer<'a, Vec<Relation>> {
        Box::pin(
            async move { read::relations(&self.readers, pairs).await.map_err(|e| explain(&e)) },
        )
    }

    fn page<'a>(
        &'a self,
        list: List,
        owner: &'a UserId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Answer<'a, Vec<Entry>> {
        Box::pin(async move {
            read::page(&self.readers, list, owner, after, limit).await.map_err(|e| explain(&e))
        })
    }

    fn circle<'a>(&'a self, user: &'a UserId) -> Answer<'a, StoredCircle> {
        Box::pin(async move { read::circle(&self.readers, user).await.map_err(|e| explain(&e)) })
    }

    fn listen(&self, listener: Listener) {
        self.feed.listen(listener);
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::Command;

    fn ensure(users: std::ops::Range<usize>) -> Vec<Order> {
        users
            .map(|n| {
                let user = UserId::parse(&format!("{n:064}")).expect("id");
                Order { command: Command::Ensure { user }, at: Timestamp(0) }
            })
            .collect()
    }

    #[tokio::test]
    async fn a_full_disk_is_unavailable_and_changes_nothing() {
        let data = tempfile::TempDir::new().expect("a temporary directory");
        let store = EmbeddedStore::open(data.path()).await.expect("opens");
        {
            let mut writer = store.writer.lock().await;
            let connection = writer.as_mut().expect("nothing has failed yet");
            // SQLite takes a limit below the present size as the present size.
            let limit = sqlx::raw_sql("PRAGMA max_page_count = 1").execute(connection).await;
            limit.expect("set");
        }
        let full = Err(Error::Unavailable("the disk is full".to_owned()));
        assert_eq!(store.apply(ensure(0..256), Limits::default()).await.map(|_| ()), full);
        let first = [UserId::parse(&format!("{:064}", 0)).expect("id")];
        assert_eq!(store.users(&first).await, Ok(vec![None]));
        // The limit went with the connection.
        store.apply(ensure(0..256), Limits::default()).await.expect("there is room again");
        assert!(store.users(&first).await.expect("reads")[0].is_some());
    }
}
