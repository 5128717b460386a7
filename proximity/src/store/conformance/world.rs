use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Clock, ManualClock, Position, Random, ReadToken, SeededRandom, Timestamp, UserId};

use super::Backend;
use crate::config::Residency;
use crate::core::catalogue::business::{Business, IdempotencyKey, Source, SourceName};
use crate::core::catalogue::change::{Change, FeedCursor};
use crate::core::catalogue::details::{Details, Draft};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Actor, Import, Mutation, Outcome, WriteRequest};
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::service::Proximity;
use crate::store::{Applied, Store};

/// When the writes of the cases are given, unless the case says otherwise.
pub(super) const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("the case's ids are valid")
}

pub(super) fn at(latitude: f64, longitude: f64) -> Position {
    Position::new(latitude, longitude).expect("the case's positions are on Earth")
}

pub(super) fn details(name: &str, category: &str, position: Position) -> Details {
    let draft = Draft {
        name: name.to_owned(),
        categories: vec![category.to_owned()],
        address: None,
        position,
        hours: None,
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    };
    draft.check().expect("the case's drafts are good")
}

pub(super) fn owner(name: &str) -> Actor {
    Actor::Owner(user(name))
}

pub(super) fn operator() -> Actor {
    Actor::Operator(user("operator"))
}

pub(super) fn write(actor: Actor, mutation: Mutation) -> WriteRequest {
    WriteRequest { actor, key: None, mutation, at: NOW }
}

pub(super) fn keyed(key: &str, write: WriteRequest) -> WriteRequest {
    WriteRequest { key: Some(IdempotencyKey::parse(key).expect("a key")), ..write }
}

pub(super) fn source(id: usize) -> Source {
    let line = |text: &str| SourceName::parse(text).expect("a source");
    Source { name: line("case"), id: line(&id.to_string()) }
}

/// How long an index may take to follow.
const SETTLE_MAX: Duration = Duration::from_mins(1);

/// A store with short words for it.
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) random: Arc<SeededRandom>,
    pub(super) limits: Limits,
    is_resident: bool,
}

impl World {
    pub(super) async fn open(backend: &dyn Backend) -> Self {
        Self::with(backend, Arc::new(SeededRandom::new(0x5eed))).await
    }

    /// The same data, in a store that is opened again after this one is dropped.
    pub(super) async fn reopen(self, backend: &dyn Backend) -> Self {
        let Self { store, random, .. } = self;
        drop(store);
        Self::with(backend, random).await
    }

    async fn with(backend: &dyn Backend, random: Arc<SeededRandom>) -> Self {
        let store = backend.open().await.expect("the store opens");
        let limits = Limits { radius_m_max: 30_000_000, ..Limits::default() };
        Self { store, random, limits, is_resident: backend.is_resident() }
    }

    /// The handle, with all that is written by now in its index, if it keeps one.
    pub(super) async fn proximity(&self) -> Proximity {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
        let random: Arc<dyn Random> = Arc::clone(&self.random) as _;
        let proximity = Proximity::start(Arc::clone(&self.store), clock, random, self.limits);
        if self.is_resident {
            proximity.keep_resident(Residency::Names);
        }
        self.settle(&proximity).await;
        proximity
    }

    /// Waits until the index, if there is one, has all that is written by now.
    pub(super) async fn settle(&self, proximity: &Proximity) {
        if !self.is_resident {
            return;
        }
        let end = self.feed_end().await;
        let deadline = Instant::now() + SETTLE_MAX;
        while !proximity.resident_as_of().is_some_and(|at| at.includes(end)) {
            assert!(Instant::now() < deadline, "the index doesn't follow");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn feed_end(&self) -> ReadToken {
        let mut after = None;
        loop {
            let page =
                self.store.changes(after, crate::PAGE_MAX).await.expect("the store is there");
            after = Some(page.next);
            if !page.more {
                return page.next.at;
            }
        }
    }

    pub(super) fn id(&self) -> BusinessId {
        BusinessId::random(&*self.random)
    }

    /// A number from 0 to 1.
    pub(super) fn part(&self) -> f64 {
        self.random.next_u64() as f64 / u64::MAX as f64
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: usize) -> usize {
        (self.random.next_u64() % end as u64) as usize
    }

    pub(super) fn create(&self, details: Details) -> Mutation {
        Mutation::Create { id: self.id(), owner: None, details: Box::new(details) }
    }

    pub(super) fn create_for(&self, name: &str, details: Details) -> Mutation {
        Mutation::Create { id: self.id(), owner: Some(user(name)), details: Box::new(details) }
    }

    pub(super) async fn apply(&self, writes: Vec<WriteRequest>) -> Applied {
        let count = writes.len();
        let applied = self.store.apply(writes, self.limits).await.expect("the store is there");
        assert_eq!(applied.outcomes.len(), count, "one answer for each write");
        applied
    }

    pub(super) async fn give(&self, write: WriteRequest) -> Result<Outcome, Refusal> {
        self.apply(vec![write]).await.outcomes.remove(0)
    }

    /// What an operator writes must work.
    pub(super) async fn operate(&self, mutation: Mutation) -> Business {
        self.give(write(operator(), mutation)).await.expect("possible").business
    }

    pub(super) async fn business(&self, id: BusinessId) -> Option<Business> {
        let mut found = self.store.fetch(&[id], None).await.expect("the store is there");
        assert_eq!(found.len(), 1, "one answer for one id");
        found.remove(0)
    }

    /// Imports all, in as many batches as needed, and answers with their ids.
    pub(super) async fn fill(&self, places: Vec<Details>) -> Vec<(BusinessId, Details)> {
        let all: Vec<(BusinessId, Details)> =
            places.into_iter().map(|details| (self.id(), details)).collect();
        for (batch, chunk) in all.chunks(crate::IMPORT_MAX).enumerate() {
            let import = |(n, (id, details)): (usize, &(BusinessId, Details))| Import {
                id: *id,
                source: source(batch * crate::IMPORT_MAX + n),
                details: details.clone(),
            };
            let places: Vec<_> = chunk.iter().enumerate().map(import).collect();
            let (imported, _) = self.store.import(places, NOW).await.expect("the store is there");
            assert_eq!(imported.created, chunk.len() as u64);
        }
        all
    }

    /// The feed behind a position, page by page.
    pub(super) async fn feed(&self, after: Option<ReadToken>) -> (Vec<Change>, ReadToken) {
        let (mut all, mut after) = (Vec::new(), after.map(FeedCursor::from));
        loop {
            let page = self.store.changes(after, 3).await.expect("the store is there");
            assert!(page.changes.len() <= 3);
            all.extend(page.changes);
            if !page.more {
                return (all, page.next.at);
            }
            after = Some(page.next);
        }
    }
}
