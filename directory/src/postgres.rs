//! The directory in `PostgreSQL`, for any number of processes: what one of them changes, all of them hear of.

mod config;
mod listening;
mod load;
mod notice;
mod read;
mod save;
mod schema;

use std::fmt;
use std::sync::Arc;

use model::UserId;
pub use sql::postgres::Migrated;
use sql::postgres::Server;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::ledger::Needs;
use crate::{
    Answer, Entry, Error, Limits, List, Listener, Order, Outcome, Refusal, Relation, Store,
    StoredCircle, User,
};
pub use config::Config;
use listening::{Doubt, Hearing};
pub use schema::migrate;

/// The first of the two keys of our advisory locks, so that they aren't taken for those of somebody else.
const NAMESPACE: i32 = 0x7764_6972;

/// The store in a `PostgreSQL` database, which is the primary: replicas may lag, and are refused.
///
/// Batches about the same users run one after the other, whichever processes they come from: each takes locks for all
/// users that it concerns before it reads.
pub struct PostgresStore {
    primary: Arc<Server>,
    pool: PgPool,
    hearing: Arc<Hearing>,
    listening: JoinHandle<()>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresStore({})", self.primary)
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl PostgresStore {
    /// Connects and listens, within a tokio runtime.
    ///
    /// Errs, saying which and what to do, if the server can't be reached, is a replica, or doesn't admit the user; if
    /// there is no such database; or if its schema is missing ([`migrate`] makes it), older or newer than this program.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let primary = Arc::new(config.primary()?);
        // In a box, for connecting takes more room than all that the caller has beside it.
        let opening = Box::pin(Self::open(Arc::clone(&primary), config.connections_max));
        primary.open(opening).await
    }

    async fn open(primary: Arc<Server>, connections_max: u32) -> Result<Self, Error> {
        let mut connection = primary.connect().await?;
        schema::check(&mut connection, &primary).await?;
        let unusable = |error| primary.unusable(&error);
        let named = sqlx::query_scalar("SELECT gen_random_uuid()::text");
        let name: String = named.fetch_one(&mut connection).await.map_err(unusable)?;
        let hearing = Arc::new(Hearing::new(name));
        let started = listening::start(Arc::clone(&primary), Arc::clone(&hearing)).await;
        let listening = started.map_err(unusable)?;
        Ok(Self { pool: primary.primary_pool(connections_max), primary, hearing, listening })
    }

    async fn commit(
        &self,
        orders: &[Order],
        limits: &Limits,
    ) -> Result<Vec<Result<Outcome, Refusal>>, sqlx::Error> {
        let needs = Needs::of(orders);
        // Each statement sees what was committed before it, so those after the lock see the batches before this one.
        let mut transaction = self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        load::lock(&mut transaction, &needs.users).await?;
        let mut ledger = load::ledger(&mut transaction, &needs).await?;
        let outcomes = orders.iter().map(|order| ledger.apply(order, limits)).collect();
        let dirty = ledger.into_dirty();
        if dirty.is_empty() {
            transaction.rollback().await?;
            return Ok(outcomes);
        }
        save::dirty(&mut transaction, &dirty).await?;
        notice::send(&mut transaction, &self.hearing.origin(), &dirty.touched).await?;
        let doubt = Doubt { hearing: &self.hearing, touched: &dirty.touched };
        transaction.commit().await?;
        doubt.settle();
        Ok(outcomes)
    }
}

impl Store for PostgresStore {
    fn apply(
        &self,
        orders: Vec<Order>,
        limits: Limits,
    ) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        Box::pin(async move { self.primary.answer(self.commit(&orders, &limits)).await })
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

    fn circle<'a>(&'a self, user: &'a UserId) -> Answer<'a, StoredCircle> {
        Box::pin(self.primary.answer(read::circle(&self.pool, user)))
    }

    fn listen(&self, listener: Listener) {
        self.hearing.feed.listen(listener);
    }

    fn fault(&self) -> Option<String> {
        if self.listening.is_finished() {
            return Some("the task that hears of other processes' changes has stopped".to_owned());
        }
        self.hearing.fault()
    }
}
