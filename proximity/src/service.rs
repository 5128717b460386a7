//! The handle, and what drives the core with I/O.

mod hints;
pub(crate) mod resident;
pub(crate) mod run;

use std::fmt;
use std::future::ready;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use api::Work;
use futures_util::FutureExt;
use model::{Clock, Random, ReadToken, Timestamp, UserId};
use sql::{CommitMetrics, Committed, GroupCommit};
use tracing::Instrument;

use crate::core::catalogue::business::{Business, IdempotencyKey, Source};
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Actor, Import, Imported, Mutation, Outcome, WriteRequest};
use crate::core::catalogue::patch::Patch;
use crate::core::cost;
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::index::ResidentConfig;
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::core::search::{Found, Query, SearchCursor};
use crate::error::Error;
use crate::metrics::{Answerer, COMMIT_DURATION, COMMIT_WRITES, IMPORTED, SearchMetrics, WRITES};
use crate::store::{Applied, Store};
use hints::Hints;
use resident::{Resident, follow};
use run::{Detail, Question};

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

/// What was written, and what a read must include to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What the write did.
    pub outcome: Outcome,
    /// The state that has it.
    pub as_of: ReadToken,
}

/// Which business is to be changed, and of which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub id: BusinessId,
    /// Refused if it has another one; `None` takes any.
    pub version: Option<u64>,
}

impl fmt::Debug for Proximity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proximity")
    }
}

impl Proximity {
    /// Starts the task that commits, within a tokio runtime.
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        limits: Limits,
    ) -> Self {
        let writer = start_writer(Arc::clone(&store), limits);
        let (hints, resident) = (Hints::default(), OnceLock::new());
        let metrics = SearchMetrics::new();
        let shared = Shared { store, clock, random, limits, writer, hints, metrics, resident };
        Self { shared: Arc::new(shared) }
    }

    /// Loads all positions into memory, and answers searches from there once they are complete; until then, and whenever
    /// it may be behind, the store does, with the same results. Once is enough.
    pub fn keep_resident(&self, config: ResidentConfig) {
        let Shared { store, clock, resident, .. } = &*self.shared;
        let index = Arc::new(Resident::new(config));
        if resident.set(Arc::clone(&index)).is_ok() {
            let following = follow(Arc::downgrade(&index), Arc::clone(store), Arc::clone(clock));
            tokio::spawn(following.instrument(tracing::info_span!("resident_index")));
        }
    }

    /// The state that the resident index has, once it is complete.
    pub fn resident_as_of(&self) -> Option<ReadToken> {
        self.shared.resident.get()?.as_of()
    }

    /// A page of the businesses that a query finds, nearest first: all, or those behind the cursor of the page before.
    ///
    /// A category that no business ever had is refused. The work is charged while it is done.
    pub async fn nearby(
        &self,
        query: &Query,
        after: Option<SearchCursor>,
        detail: Detail,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<Found, Error> {
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let question = Question { query, after, fresh };
        let (by, mut result) = self.search(question, detail, work).await;
        if let Ok(found) = &result
            && let Some(refused) = self.unknown_category(query, after, found).await
        {
            result = Err(refused);
        }
        self.shared.metrics.count(by, started.elapsed(), &result);
        result
    }

    /// How many businesses all pages of a query have.
    pub async fn total(
        &self,
        query: &Query,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<u64, Error> {
        let Shared { store, clock, resident, .. } = &*self.shared;
        let now = clock.now().monotonic;
        if let Some(resident) = resident.get()
            && let Some(total) = resident.total(query, fresh, now, work).await?
        {
            return Ok(total);
        }
        run::total(&**store, query, fresh, work).await
    }

    /// How many businesses there are in each cell of a [cover](crate::Viewport::cover): see [`Store::hexagons`].
    pub async fn density(
        &self,
        cover: Vec<HexagonRange>,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<Vec<(Hexagon, u64)>, Error> {
        let cells = self.shared.store.hexagons(cover, fresh).await?;
        work.spend(cost::CELL * cells.len() as u64).await?;
        Ok(cells)
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
            let made = self.submit(by.clone(), Mutation::Create { id, owner, details }).await;
            if made != Err(Error::Refused(Refusal::IdTaken)) {
                return made;
            }
        }
        self.submit(by, Mutation::Create { id: self.draw(), owner, details }).await
    }

    /// Says everything about a business anew.
    pub async fn replace(
        &self,
        by: By,
        target: Target,
        details: Details,
    ) -> Result<Written, Error> {
        let Target { id, version: expected } = target;
        self.submit(by, Mutation::Replace { id, expected, details: Box::new(details) }).await
    }

    /// Changes some of what is said about a business.
    pub async fn change(&self, by: By, target: Target, patch: Patch) -> Result<Written, Error> {
        let Target { id, version: expected } = target;
        self.submit(by, Mutation::Change { id, expected, patch: Box::new(patch) }).await
    }

    /// Removes a business.
    pub async fn remove(&self, by: By, target: Target) -> Result<Written, Error> {
        let Target { id, version: expected } = target;
        self.submit(by, Mutation::Remove { id, expected }).await
    }

    /// Says whose a business is, or that it is nobody's; for operators.
    pub async fn assign_owner(
        &self,
        by: By,
        target: Target,
        owner: Option<UserId>,
    ) -> Result<Written, Error> {
        let Target { id, version: expected } = target;
        self.submit(by, Mutation::Assign { id, expected, owner }).await
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

    /// Nothing found may be a typing error in the category.
    async fn unknown_category(
        &self,
        query: &Query,
        after: Option<SearchCursor>,
        found: &Found,
    ) -> Option<Error> {
        let category = query.category().filter(|_| found.hits.is_empty() && after.is_none())?;
        match self.shared.store.has_category(category, Some(found.as_of)).await {
            Ok(true) => None,
            Ok(false) => Some(Refusal::NoSuchCategory.into()),
            Err(error) => Some(error),
        }
    }

    /// The result, and what made it.
    async fn search(
        &self,
        question: Question<'_>,
        detail: Detail,
        work: &mut Work,
    ) -> (Answerer, Result<Found, Error>) {
        let Shared { store, clock, hints, resident, .. } = &*self.shared;
        let now = clock.now().monotonic;
        if let Some(resident) = resident.get() {
            match resident.nearby(question, detail, now, work).await {
                Ok(None) => {}
                Ok(Some(found)) => {
                    let completed = run::complete(&**store, found, detail, work).await;
                    return (Answerer::Resident, completed);
                }
                Err(error) => return (Answerer::Resident, Err(error)),
            }
        }
        let hint = match run::hint(&**store, hints, question.query, now).await {
            Ok(hint) => hint,
            Err(error) => return (Answerer::Store, Err(error)),
        };
        (Answerer::Store, run::nearby(&**store, question, detail, hint, work).await)
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

    async fn submit(&self, by: By, mutation: Mutation) -> Result<Written, Error> {
        let at = self.shared.clock.now().wall;
        let By { actor, key } = by;
        let name = mutation.as_str();
        let result = self.shared.writer.submit(WriteRequest { actor, key, mutation, at }).await;
        let label = match &result {
            Ok(written) => written.outcome.effect.as_str(),
            Err(Error::Refused(_)) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!(WRITES, "command" => name, "result" => label).increment(1);
        result
    }

    fn draw(&self) -> BusinessId {
        BusinessId::random(&*self.shared.random)
    }
}

/// Starts the task that commits.
fn start_writer(
    store: Arc<dyn Store>,
    limits: Limits,
) -> GroupCommit<WriteRequest, Written, Error> {
    let metrics =
        CommitMetrics { part: "businesses", duration: COMMIT_DURATION, requests: COMMIT_WRITES };
    GroupCommit::start(metrics, move |writes| {
        let store = Arc::clone(&store);
        async move {
            let Applied { outcomes, as_of } = store.apply(writes, limits).await?;
            let written = |outcome| Written { outcome, as_of };
            let answers = outcomes.into_iter().map(|it| Ok(it.map(written)?)).collect();
            Ok(Committed { answers, before_answers: ready(()).boxed() })
        }
    })
}
