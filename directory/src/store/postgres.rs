//! The directory in `PostgreSQL`, for any number of processes.
//!
//! **Order.** Batches about the same users run one after the other: each takes locks for all users that it concerns before
//! it reads. One that changes circles appends its changes to the feed in its last statement, which locks the feed's row
//! until it has committed: so positions follow the order of commits, and the row is held for one round trip and a commit.
//!
//! **Timelines.** As for businesses: the row of the feed names the server's lineage. The first to write after a
//! promotion, or to look, finds another one and begins another timeline, so what an old primary still commits can't be
//! taken for the new one's.

mod config;
mod load;
mod probe;
mod read;
mod save;
mod schema;

use std::fmt;
use std::sync::Arc;

use model::{Clock, Random, ReadToken, Timestamp, UserId, crash};
use sql::StoreError;
pub use sql::postgres::Migrated;
use sql::postgres::{BEGIN, FeedTable, ReadFrom, Readers, Server};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::core::transaction_state::Needs;
use crate::store::announcing::{Announcer, PendingNotices, nothing};
use crate::{
    Answer, Applied, CHANGES_MAX, Changes, CircleEdit, Entry, FeedGap, Limits, List, Listener,
    Relation, Store, StoredCircle, User, WriteRequest,
};
pub use config::Config;
use futures_util::future::BoxFuture;
use probe::{Health, Probe};
pub use schema::migrate;

/// The first of the two keys of our advisory locks, so that they aren't taken for those of somebody else.
const NAMESPACE: i32 = 0x7764_6972;
/// How many changes of circles there were, and of which timeline.
const FEED: FeedTable = FeedTable::new("directory");

/// The store in a `PostgreSQL` database, which is the primary: replicas may lag, and are refused.
pub struct PostgresStore {
    primary: Arc<Server>,
    pool: PgPool,
    readers: Readers,
    readers_max: u32,
    announcer: Announcer,
    health: Arc<Health>,
    probing: JoinHandle<()>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresStore({})", self.primary)
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.probing.abort();
    }
}

/// Reaches the server and looks at its schema, before anything starts. Errs as [`PostgresStore::connect`] does.
pub async fn check(config: &Config) -> Result<(), StoreError> {
    let primary = config.primary()?;
    primary.open(Box::pin(schema::SCHEMA.check(&primary))).await.map(drop)
}

impl PostgresStore {
    /// Connects, and begins to look at the server, within a tokio runtime.
    ///
    /// Errs, saying which and what to do, if the server can't be reached, is a replica, or doesn't admit the user; if
    /// there is no such database; or if its schema is missing ([`migrate`] makes it), older or newer than this program.
    pub async fn connect(
        config: &Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let primary = Arc::new(config.primary()?);
        schema::SCHEMA.open(&primary).await?;
        let health = Arc::new(Health::default());
        let probe =
            Probe { primary: Arc::clone(&primary), clock, random, health: Arc::clone(&health) };
        let span = tracing::info_span!("directory_database", server = %primary);
        Ok(Self {
            pool: primary.primary_pool(config.connections_max),
            readers: primary.readers(ReadFrom::Primary, config.readers_max),
            readers_max: config.readers_max,
            announcer: Announcer::default(),
            health,
            probing: tokio::spawn(probe.run().instrument(span)),
            primary,
        })
    }

    async fn transact(
        &self,
        writes: &[WriteRequest],
        limits: &Limits,
    ) -> Result<Applied, sqlx::Error> {
        let needs = Needs::new(writes);
        // Each statement sees what was committed before it, so those after the lock see the batches before this one.
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        load::lock(&mut transaction, &needs.users).await?;
        let mut state = load::state(&mut transaction, &needs).await?;
        let outcomes = writes.iter().map(|write| state.apply(write, limits)).collect();
        let changes = state.into_changes();
        if changes.is_empty() {
            transaction.rollback().await?;
            return Ok(Applied { outcomes, published: nothing() });
        }
        let published = if let Some(state) = save::changes(&mut transaction, &changes).await? {
            self.commit(transaction, state, changes.edits).await?
        } else {
            transaction.commit().await?;
            nothing()
        };
        Ok(Applied { outcomes, published })
    }

    /// Commits what has got its positions, and announces it in the order of commits; answers with what listeners publish.
    async fn commit(
        &self,
        transaction: Transaction<'_, Postgres>,
        state: ReadToken,
        edits: Vec<CircleEdit>,
    ) -> Result<BoxFuture<'static, ()>, sqlx::Error> {
        let turn = self.announcer.take_turn();
        let notices = PendingNotices::new(&self.announcer, edits);
        transaction.commit().await?;
        crash::point("directory.committed");
        let _turn = turn.await;
        Ok(notices.settle(Some(state)))
    }
}

impl Store for PostgresStore {
    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(async move { self.primary.answer(self.transact(&writes, &limits)).await })
    }

    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>> {
        Box::pin(self.primary.answer(read::users(&self.pool, ids)))
    }

    fn relations<'a>(&'a self, pairs: &'a [(UserId, UserId)]) -> Answer<'a, Vec<Relation>> {
        Box::pin(self.primary.answer(read::relations(&self.pool, pairs)))
    }

    fn page<'a>(
        &'a self,
        list: List,
        owner: &'a UserId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Answer<'a, Vec<Entry>> {
        Box::pin(self.primary.answer(read::page(&self.pool, list, owner, after, limit)))
    }

    fn circles<'a>(&'a self, users: &'a [UserId]) -> Answer<'a, (ReadToken, Vec<StoredCircle>)> {
        Box::pin(async move {
            Ok(self.primary.read(move || read::circles(&self.readers, users)).await?)
        })
    }

    fn circle_reads_max(&self) -> usize {
        self.readers_max as usize
    }

    fn changes(&self, after: ReadToken, limit: usize) -> Answer<'_, Result<Changes, FeedGap>> {
        let limit = limit.min(CHANGES_MAX);
        Box::pin(async move {
            Ok(self.primary.read(move || read::changes(&self.readers, after, limit)).await?)
        })
    }

    fn forget_changes(&self, before: Timestamp, limit: usize) -> Answer<'_, usize> {
        let limit = limit.min(CHANGES_MAX);
        Box::pin(self.primary.answer(save::forget(&self.pool, before, limit)))
    }

    fn state(&self) -> Answer<'_, (ReadToken, Timestamp)> {
        Box::pin(async { Ok(self.primary.read(|| read::state(&self.readers)).await?) })
    }

    fn listen(&self, listener: Listener) {
        self.announcer.listen(listener);
    }

    fn fault(&self) -> Option<String> {
        if self.probing.is_finished() {
            return Some("the task that looks at the directory's database has stopped".to_owned());
        }
        self.health.fault()
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        self.health.clock_offset_ms()
    }
}
