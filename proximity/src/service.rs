//! The handle, and what drives the core with I/O.

mod hints;
pub(crate) mod resident;
pub(crate) mod run;
mod search;
mod writer;

use std::sync::{Arc, OnceLock};

use api::Work;
use model::{Clock, Random, ReadToken, Timestamp, UserId};
use sql::GroupCommit;
use tracing::Instrument;

use crate::config::Residency;
use crate::core::catalogue::business::{Business, IdempotencyKey, Source};
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Actor, Import, Imported, Mutation, WriteRequest};
use crate::core::cost;
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::error::Error;
use crate::metrics::{IMPORTED, SearchMetrics, WRITES};
use crate::store::Store;
use hints::Hints;
use resident::{Resident, follow};
pub use writer::Written;

/// How often a new id is drawn if one is taken: with a billion businesses once is too often by ten millions.
const DRAWS_MAX: usize = 4;

/// Businesses and where they are; cheap to clone.
#[derive(Clone)]
pub struct Proximity {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limits: Limits,
    writer: GroupCommit<WriteRequest, Written, Error>,
    hints: Hints,
    metrics: SearchMetrics,
    /// Set once, by [`Proximity::keep_resident`].
    resident: OnceLock<Arc<Resident>>,
}

/// Who changes something, and by which key it is known if it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// The key.
    pub key: Option<IdempotencyKey>,
}

impl Proximity {
    /// Starts the task that commits, within a tokio runtime.
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: Limits,
    ) -> Self {
        let writer = writer::start(Arc::clone(&store), limits);
        let (hints, resident) = (Hints::default(), OnceLock::new());
        let metrics = SearchMetrics::new();
        let shared = Shared { store, clock, random, limits, writer, hints, metrics, resident };
        Self { shared: Arc::new(shared) }
    }

    /// Loads all positions into memory, and answers searches from there once they are complete; until then, and whenever
    /// it may be behind, the store does, with the same results. Once is enough.
    pub fn keep_resident(&self, residency: Residency) {
        if residency == Residency::None {
            return;
        }
        let Shared { store, clock, resident, .. } = &*self.shared;
        let index = Arc::new(Resident::new(residency == Residency::Names));
        if resident.set(Arc::clone(&index)).is_ok() {
            let following = follow(Arc::downgrade(&index), Arc::clone(store), Arc::clone(clock));
            tokio::spawn(following.instrument(tracing::info_span!("resident_index")));
        }
    }

    /// The state that the resident index has, once it is complete.
    pub fn resident_as_of(&self) -> Option<ReadToken> {
        self.shared.resident.get()?.as_of()
    }

    /// All on record about a business.
    pub async fn business(
        &self,
        id: BusinessId,
        fresh: Option<ReadToken>,
    ) -> Result<Option<Business>, Error> {
        let found = self.shared.store.fetch(&[id], fresh).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Makes a business; a user's are their own.
    pub async fn create(
        &self,
        by: By,
        owner: Option<UserId>,
        details: Details,
    ) -> Result<Written, Error> {
        let details = Box::new(details);
        for _ in 1..DRAWS_MAX {
            let id = self.draw();
            let (owner, details) = (owner.clone(), details.clone());
            let made = self.write(by.clone(), Mutation::Create { id, owner, details }).await;
            if made != Err(Error::Refused(Refusal::IdTaken)) {
                return made;
            }
        }
        self.write(by, Mutation::Create { id: self.draw(), owner, details }).await
    }

    /// Does what somebody wants done. New businesses are made by [`create`](Self::create), which draws their ids.
    pub async fn write(&self, by: By, mutation: Mutation) -> Result<Written, Error> {
        let at = self.shared.clock.now().wall;
        let By { actor, key } = by;
        let name = mutation.as_str();
        let result = self.shared.writer.submit(WriteRequest { actor, key, mutation, at }).await;
        let label = match &result {
            Ok(written) => written.outcome.effect.as_str(),
            Err(Error::Refused(_)) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!(WRITES, "mutation" => name, "result" => label).increment(1);
        result
    }

    /// Makes or changes places of a source, up to [`IMPORT_MAX`](crate::IMPORT_MAX) at once.
    pub async fn import(
        &self,
        places: Vec<(Source, Details)>,
    ) -> Result<(Imported, ReadToken), Error> {
        let at = self.shared.clock.now().wall;
        let mut done = self.import_once(&places, at).await;
        for _ in 1..DRAWS_MAX {
            if done != Err(Error::Refused(Refusal::IdTaken)) {
                break;
            }
            done = self.import_once(&places, at).await;
        }
        let (Imported { created, changed, unchanged, owned }, _) = done.clone()?;
        for (result, count) in
            [("created", created), ("changed", changed), ("unchanged", unchanged), ("owned", owned)]
        {
            metrics::counter!(IMPORTED, "result" => result).increment(count);
        }
        done
    }

    /// A user's businesses: see [`Store::owned`].
    pub async fn owned(
        &self,
        owner: &UserId,
        after: Option<BusinessId>,
        limit: usize,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<Vec<Business>, Error> {
        let page = self.shared.store.owned(owner, after, limit, fresh).await?;
        work.spend(cost::BUSINESS * page.len() as u64).await?;
        Ok(page)
    }

    /// What changed: see [`Store::changes`].
    pub async fn changes(
        &self,
        after: Option<FeedCursor>,
        limit: usize,
        work: &mut Work,
    ) -> Result<Changes, Error> {
        let page = self.shared.store.changes(after, limit).await?;
        work.spend(cost::BUSINESS * page.changes.len() as u64).await?;
        Ok(page)
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Completes when nothing can be changed any more, by a fault: a reason to be not ready.
    pub async fn stopped(&self) {
        self.shared.writer.stopped().await;
    }

    /// What keeps businesses from being served now, for operators (see [`Store::fault`]): a reason to be not ready.
    pub fn fault(&self) -> Option<String> {
        self.shared.store.fault()
    }

    async fn import_once(
        &self,
        places: &[(Source, Details)],
        at: Timestamp,
    ) -> Result<(Imported, ReadToken), Error> {
        let drawn = places.iter().cloned();
        let drawn = drawn.map(|(source, details)| Import { id: self.draw(), source, details });
        self.shared.store.import(drawn.collect(), at).await
    }

    fn draw(&self) -> BusinessId {
        BusinessId::random(&*self.shared.random)
    }
}
