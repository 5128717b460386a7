//! Businesses in `PostgreSQL`, for any number of processes: one primary is written, its streaming replicas are read.
//!
//! **Timelines.** A [`ReadToken`] is what one row of the database says, `proximity.feed`: how many changes there were, and
//! the number of their timeline. The row travels with the data, so every answer knows its state from its own snapshot, on
//! replicas too, and no log positions have to be compared. The row also names the server's lineage: the first to write
//! after a promotion, or to look, finds another one and begins another timeline.
//!
//! **Who is read.** Each replica is asked several times a second how far it has come. It is read while it answers, is of
//! the primary's timeline, and has all that the primary is known to have had [`lag_max_ms`](Config::lag_max_ms) ago, or
//! when it was first asked, which is required from the first second on. What
//! it answers is looked at again: an answer from a state that is too old is thrown away, and one that fails is asked of
//! the next server; in the end of the primary. While the primary is away, any replica that answers will do.
//!
//! **Who is away.** A server that can't be connected to, or doesn't say how far it has come, isn't asked anything until it
//! does: nobody waits for it.
//!
//! **Limits.** A copy of the primary's files that is started as it is, without recovery to a point in time, has the same
//! lineage: nothing shows that it is another timeline.

mod config;
mod index;
mod load;
mod primary_positions;
mod read;
mod replica;
mod save;
mod scan;
mod schema;
mod servers;

use std::fmt;
use std::sync::Arc;

use model::{ReadToken, Timestamp, UserId};
use sql::StoreError;
pub use sql::postgres::Migrated;
use sql::postgres::{BEGIN, FeedTable, Readers, is_replica};
use tokio::task::JoinHandle;

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::change_set::ChangeSet;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Import, Imported, WriteRequest};
use crate::core::catalogue::needs::Needs;
use crate::core::catalogue::transaction_state::TransactionState;
use crate::core::geo::cell::{Area, CountedCell};
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::core::search::scan::{Scan, Scanned};
use crate::store::{Answer, Applied, Store};
pub use config::Config;
use read::Seen;
pub use schema::migrate;
use servers::Servers;

/// The first of the two keys of our advisory locks, so that they aren't taken for those of somebody else.
const NAMESPACE: i32 = 0x7764_7072;
/// How many changes there were, and of which timeline.
const FEED: FeedTable = FeedTable::new("proximity");

/// The store in a `PostgreSQL` database and its replicas.
pub struct PostgresStore {
    servers: Arc<Servers>,
    watching: Vec<JoinHandle<()>>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresStore({})", self.servers)
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.watching.iter().for_each(JoinHandle::abort);
    }
}

/// Looks at a replica before anything starts: how it is, in words. Errs, saying what to do, if it can't be used.
pub async fn look_at_replica(config: &Config, url: &str) -> Result<String, StoreError> {
    let server = config.replica(url)?;
    let mut connection = server.connect().await?;
    let look = async {
        let follows = is_replica(&mut connection).await?;
        Ok((follows, FEED.read(&mut connection).await?.position.0))
    };
    let looked = server.open(async { look.await.map_err(|error| server.unusable(error)) });
    let (follows, changes) = looked.await?;
    let flaw = if follows { "" } else { "; it is no replica, or no more" };
    Ok(format!("answers, and has {changes} changes{flaw}"))
}

impl PostgresStore {
    /// Connects to the primary and begins to look at the replicas, within a tokio runtime.
    ///
    /// Errs, saying what to do, if the primary can't be reached, is a replica, or doesn't admit the user; if there is no
    /// such database; or if its schema is missing ([`migrate`] makes it), older or newer than this program. Replicas that
    /// can't be reached are left out until they can.
    pub async fn connect(config: &Config) -> Result<Self, StoreError> {
        let primary = config.primary()?;
        let state = schema::SCHEMA.open(&primary).await?;
        let servers = Arc::new(Servers::new(config, primary, state)?);
        Ok(Self { watching: servers.watch(), servers })
    }

    /// The answer of whichever server may give it.
    fn read<'a, T: Send + 'a, W: Future<Output = Seen<T>> + Send>(
        &'a self,
        fresh: Option<ReadToken>,
        work: impl Fn(Readers) -> W + Send + Sync + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move { Ok(self.servers.read(fresh, work).await?.0) })
    }

    /// Loads what is needed, lets it be decided, and stores what that changed, all in one transaction.
    async fn commit<T>(
        &self,
        needs: Needs,
        decide: impl FnOnce(&mut TransactionState) -> Result<T, Refusal> + Send,
    ) -> Result<(Result<T, Refusal>, ReadToken), sqlx::Error> {
        let mut transaction = self.servers.writers.begin_with(BEGIN).await?;
        let (before, is_new) = FEED.take(&mut transaction).await?;
        let mut state = load::state(&mut transaction, &needs).await?;
        let decided = decide(&mut state);
        let changes = match decided {
            Ok(_) => state.into_changes(before.position),
            Err(_) => ChangeSet::nothing(before.position),
        };
        let as_of = ReadToken { position: changes.head, ..before };
        if changes.is_empty() && !is_new {
            transaction.rollback().await?;
        } else {
            save::changes(&mut transaction, changes).await?;
            transaction.commit().await?;
        }
        Ok((decided, as_of))
    }
}

impl Store for PostgresStore {
    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(async move {
            let commit = self.commit(Needs::new(&writes), |state| {
                Ok(writes.iter().map(|write| state.apply(write, &limits)).collect())
            });
            let (outcomes, as_of) = Box::pin(self.servers.write(commit)).await?;
            Ok(Applied { outcomes: outcomes?, as_of })
        })
    }

    fn import(&self, places: Vec<Import>, at: Timestamp) -> Answer<'_, (Imported, ReadToken)> {
        Box::pin(async move {
            let commit = self.commit(Needs::of_import(&places), |state| state.import(&places, at));
            let (imported, as_of) = Box::pin(self.servers.write(commit)).await?;
            Ok((imported?, as_of))
        })
    }

    fn scan(&self, scan: Scan, fresh: Option<ReadToken>) -> Answer<'_, Scanned> {
        Box::pin(async move {
            let scan = &scan;
            self.read(fresh, move |readers| scan::scan(readers, scan)).await
        })
    }

    fn density(&self, area: Area) -> Answer<'_, Vec<(CountedCell, u32)>> {
        self.read(None, move |readers| read::density(readers, area))
    }

    fn hexagons(
        &self,
        ranges: Vec<HexagonRange>,
        fresh: Option<ReadToken>,
    ) -> Answer<'_, Vec<(Hexagon, u64)>> {
        Box::pin(async move {
            let ranges = &ranges;
            self.read(fresh, move |readers| read::hexagons(readers, ranges)).await
        })
    }

    fn has_category<'a>(
        &'a self,
        category: &'a CategoryKey,
        fresh: Option<ReadToken>,
    ) -> Answer<'a, bool> {
        self.read(fresh, move |readers| read::has_category(readers, category))
    }

    fn fetch<'a>(
        &'a self,
        ids: &'a [BusinessId],
        fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Option<Business>>> {
        self.read(fresh, move |readers| read::fetch(readers, ids))
    }

    fn owned<'a>(
        &'a self,
        owner: &'a UserId,
        after: Option<BusinessId>,
        limit: usize,
        fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Business>> {
        self.read(fresh, move |readers| read::owned(readers, owner, after, limit))
    }

    fn changes(&self, after: Option<FeedCursor>, limit: usize) -> Answer<'_, Changes> {
        Box::pin(async move {
            let work = move |readers| read::changes(readers, after, limit);
            let (page, _) = self.servers.read(after.map(|after| after.at), work).await?;
            Ok(page?)
        })
    }

    fn fault(&self) -> Option<String> {
        if self.watching.iter().any(JoinHandle::is_finished) {
            return Some("a task that looks at the servers has stopped".to_owned());
        }
        self.servers.fault()
    }
}
