//! Businesses in one `SQLite` file, for a deployment of one process.

mod fault;
mod load;
mod read;
mod save;
mod schema;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use model::{Timestamp, UserId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, MutexGuard};

use crate::business::{Business, Source};
use crate::cell::{Area, CountedCell};
use crate::command::{Import, Imported, Order};
use crate::error::{Error, Refusal};
use crate::freshness::Freshness;
use crate::id::BusinessId;
use crate::ledger::{Ledger, Needs};
use crate::limits::Limits;
use crate::store::{Answer, Applied, Changes, Scan, Scanned, Store};
use fault::explain;

/// The file in the data directory; `SQLite` keeps its log and index beside it.
pub const FILE_NAME: &str = "proximity.sqlite";

/// How long to wait for a lock, such as one held by a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at a time; more gain nothing, since each runs in a thread of its own.
const READERS_MAX: u32 = 4;
/// Prepared statements kept per connection; there are fewer that come again.
const STATEMENTS_MAX: usize = 64;
/// Pages that each connection keeps, KiB.
const CACHE_SIZE: &str = "-16384";

/// The embedded store. Every read sees every write that was answered before: it is as fresh as can be asked for.
#[derive(Debug)]
pub struct EmbeddedStore {
    // SQLite has one writer at a time anyway; the lock is held for a transaction. None after one that failed.
    writer: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
    readers: SqlitePool,
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
            .pragma("cache_size", CACHE_SIZE)
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
        Ok(Self { writer: Mutex::new(Some(writer)), options, readers })
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), Error> {
        self.readers.close().await;
        let Some(writer) = self.writer.into_inner() else { return Ok(()) };
        writer.close().await.map_err(|error| explain(&error))
    }

    /// The connection that writes, out of its place until all has gone well. Of a transaction that failed `SQLite` may
    /// have rolled back by itself, as it does when the disk is full, or not; sqlx can't tell and would refuse to begin
    /// another.
    async fn take_writer(
        &self,
    ) -> Result<(MutexGuard<'_, Option<SqliteConnection>>, SqliteConnection), sqlx::Error> {
        let mut place = self.writer.lock().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok((place, connection))
    }

    async fn commit(&self, orders: &[Order], limits: &Limits) -> Result<Applied, sqlx::Error> {
        let (mut place, mut connection) = self.take_writer().await?;
        // Takes the write lock at once: nothing read here can be changed by another before the commit.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut ledger = load::ledger(&mut transaction, &Needs::of(orders)).await?;
        let outcomes = orders.iter().map(|order| ledger.apply(order, limits)).collect();
        let as_of = store(&mut transaction, ledger).await?;
        transaction.commit().await?;
        *place = Some(connection);
        Ok(Applied { outcomes, as_of })
    }

    async fn commit_import(
        &self,
        places: &[Import],
        at: Timestamp,
    ) -> Result<Result<(Imported, Freshness), Refusal>, sqlx::Error> {
        let (mut place, mut connection) = self.take_writer().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let answer = import(&mut transaction, places, at).await?;
        match answer {
            Ok(_) => transaction.commit().await?,
            Err(_) => transaction.rollback().await?,
        }
        *place = Some(connection);
        Ok(answer)
    }
}

async fn import(
    connection: &mut SqliteConnection,
    places: &[Import],
    at: Timestamp,
) -> Result<Result<(Imported, Freshness), Refusal>, sqlx::Error> {
    let sources: BTreeSet<&Source> = places.iter().map(|place| &place.source).collect();
    let mut stored = load::by_source(connection, &sources).await?;
    let mut known: HashMap<Source, BusinessId> = stored
        .iter()
        .filter_map(|business| Some((business.source.clone()?, business.id)))
        .collect();
    let ids: Vec<BusinessId> = places.iter().map(|place| place.id).collect();
    stored.extend(load::by_id(connection, &ids).await?);
    let mut ledger = Ledger::new(stored, [], []);
    let mut imported = Imported::default();
    for place in places {
        let before = known.get(&place.source).copied();
        match ledger.import(place, before, at, &mut imported) {
            Ok(id) => known.insert(place.source.clone(), id),
            Err(refusal) => return Ok(Err(refusal)),
        };
    }
    let as_of = store(connection, ledger).await?;
    Ok(Ok((imported, as_of)))
}

/// Writes what a ledger changed; the state with it.
async fn store(
    connection: &mut SqliteConnection,
    ledger: Ledger,
) -> Result<Freshness, sqlx::Error> {
    let before = load::freshness(connection).await?;
    let (dirty, keys) = ledger.into_dirty();
    let position = save::dirty(connection, before.position, &dirty).await?;
    save::keys(connection, &keys).await?;
    Ok(Freshness { position, ..before })
}

impl Store for EmbeddedStore {
    fn apply(&self, orders: Vec<Order>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(async move { self.commit(&orders, &limits).await.map_err(|e| explain(&e)) })
    }

    fn import(&self, places: Vec<Import>, at: Timestamp) -> Answer<'_, (Imported, Freshness)> {
        Box::pin(async move {
            let imported = self.commit_import(&places, at).await.map_err(|e| explain(&e))?;
            Ok(imported?)
        })
    }

    fn scan(&self, scan: Scan, _fresh: Option<Freshness>) -> Answer<'_, Scanned> {
        Box::pin(async move { read::scan(&self.readers, &scan).await.map_err(|e| explain(&e)) })
    }

    fn density(&self, area: Area) -> Answer<'_, Vec<(CountedCell, u32)>> {
        Box::pin(async move { read::density(&self.readers, area).await.map_err(|e| explain(&e)) })
    }

    fn fetch<'a>(
        &'a self,
        ids: &'a [BusinessId],
        _fresh: Option<Freshness>,
    ) -> Answer<'a, Vec<Option<Business>>> {
        Box::pin(async move { read::fetch(&self.readers, ids).await.map_err(|e| explain(&e)) })
    }

    fn owned<'a>(
        &'a self,
        owner: &'a UserId,
        after: Option<BusinessId>,
        limit: usize,
        _fresh: Option<Freshness>,
    ) -> Answer<'a, Vec<Business>> {
        Box::pin(async move {
            read::owned(&self.readers, owner, after, limit).await.map_err(|e| explain(&e))
        })
    }

    fn changes(&self, after: Option<Freshness>, limit: usize) -> Answer<'_, Changes> {
        Box::pin(async move {
            let changes = read::changes(&self.readers, after, limit).await;
            Ok(changes.map_err(|e| explain(&e))??)
        })
    }
}

#[cfg(test)]
mod tests;
