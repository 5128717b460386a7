use std::collections::HashMap;

use api::Work;
use model::{Metres, Monotonic, ReadToken};

use super::hints::{Hint, Hints};
use crate::core::cost;
use crate::core::geo::cell::Code;
use crate::core::geo::circle::Millimetres;
use crate::core::search::count::Count;
use crate::core::search::expanding_radius::ExpandingRadius;
use crate::core::search::judge::Judge;
use crate::core::search::scan::Scan;
use crate::core::search::{Found, Hit, Query, SearchCursor};
use crate::error::Error;
use crate::metrics::{SEARCH_ROWS, SEARCH_SCANS};
use crate::store::Store;
use sql::StoreError;

/// Scans that one search may take, of [`HEAVY_ROWS_MAX`] rows each but for a few: more than fit in any deadline.
pub(crate) const SCANS_MAX: usize = 50_000;
/// However little a request may spend before it must wait, so many rows are read at once.
const AFFORDABLE_ROWS_MIN: usize = 100;
/// Rows of one scan of a request that is heavy: the store and we work on few rows one after the other, instead of both at
/// once on many, so that whoever has little to do finds a core free: `bench/fairness` measures what others wait for.
const HEAVY_ROWS_MAX: usize = 250;
/// Rows that are looked at before other tasks may have their turn.
const LOOK_ROWS_MAX: usize = 500;
/// By how much the first circle of a filtered search is larger: what share the filter leaves isn't known.
const FILTER_GROWTH: f64 = 2.5;

/// What a search tells about each hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Id, position and distance.
    Bare,
    /// The name too.
    Named,
    /// All on record.
    Full,
}

/// What is searched for: a page of a query behind a cursor, from a state that is new enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) query: &'q Query,
    pub(crate) after: Option<SearchCursor>,
    pub(crate) fresh: Option<ReadToken>,
}

/// Asks the store for what a search wants until it has its page.
pub(crate) async fn nearby(
    store: &dyn Store,
    question: Question<'_>,
    detail: Detail,
    hint: Option<Millimetres>,
    work: &mut Work,
) -> Result<Found, Error> {
    let Question { query, after, fresh } = question;
    let mut search = ExpandingRadius::new(query, after, hint, detail == Detail::Named);
    for scans in 1..=SCANS_MAX {
        let (scan, wanted) = search.wants();
        let scanned =
            store.scan(affordable(scan, search.judge(), work), newest(wanted, fresh)).await?;
        for part in scanned.candidates.chunks(LOOK_ROWS_MAX) {
            work.spend(search.judge().cost(part.len())).await?;
            search.look(part, scanned.as_of);
        }
        if let Some(found) = search.step(scanned.more, scanned.as_of) {
            metrics::histogram!(SEARCH_SCANS).record(scans as f64);
            metrics::histogram!(SEARCH_ROWS).record(search.judge().rows_looked_at() as f64);
            return complete(store, found, detail, work).await;
        }
    }
    Err(StoreError::internal(format!("a search took more than {SCANS_MAX} scans")).into())
}

/// How many a query finds in all.
pub(crate) async fn total(
    store: &dyn Store,
    query: &Query,
    fresh: Option<ReadToken>,
    work: &mut Work,
) -> Result<u64, Error> {
    let mut count = Count::new(query);
    for _ in 0..SCANS_MAX {
        let (scan, wanted) = count.wants();
        let scanned =
            store.scan(affordable(scan, count.judge(), work), newest(wanted, fresh)).await?;
        if query.category().is_some() {
            work.spend(cost::counted(scanned.counted)).await?;
        }
        for part in scanned.candidates.chunks(LOOK_ROWS_MAX) {
            work.spend(count.judge().cost(part.len())).await?;
            count.look(part, scanned.as_of);
        }
        if let Some(total) = count.step(scanned.more, scanned.counted, scanned.as_of) {
            return Ok(total);
        }
    }
    Err(StoreError::internal(format!("a count took more than {SCANS_MAX} scans")).into())
}

/// The scan with no more rows than the request may look at before it must wait, since what it has read is kept meanwhile;
/// few of a request that has its turn.
fn affordable(scan: Scan, judge: &Judge<'_>, work: &Work) -> Scan {
    let rows = match work.light_left() {
        None => HEAVY_ROWS_MAX,
        Some(left) => {
            usize::try_from(left / judge.cost(1)).unwrap_or(usize::MAX).max(AFFORDABLE_ROWS_MIN)
        }
    };
    Scan { rows_max: scan.rows_max.min(rows), ..scan }
}

/// The radius of the first circle: as far as it is known, or can be asked for, how densely businesses stand there.
pub(crate) async fn hint(
    store: &dyn Store,
    hints: &Hints,
    query: &Query,
    now: Monotonic,
) -> Result<Option<Millimetres>, Error> {
    let needed = query.limit() + 1;
    let mut hint = hints.radius(query.circle(), needed, now);
    if hint == Hint::ToBeLearned {
        let area = Code::new(query.circle().centre()).area();
        hints.learn(area, store.density(area).await?, now);
        hint = hints.radius(query.circle(), needed, now);
    }
    let Hint::Radius(radius) = hint else { return Ok(None) };
    let growth = if query.is_filtered() { FILTER_GROWTH } else { 1.0 };
    Ok(Some(Millimetres::new(Metres(radius.metres() * growth))))
}

/// Adds what is asked for and wasn't found yet: names, or all on record, of those on the page only. What was removed or
/// moved between the two reads isn't told: it isn't where it was found.
pub(crate) async fn complete(
    store: &dyn Store,
    found: Found,
    detail: Detail,
    work: &mut Work,
) -> Result<Found, Error> {
    let ids: Vec<_> = found.hits.iter().map(|hit| hit.id).collect();
    let is_complete = match detail {
        Detail::Bare => true,
        Detail::Named => found.hits.iter().all(|hit| hit.name.is_some()),
        Detail::Full => found.hits.is_empty(),
    };
    if is_complete {
        return Ok(found);
    }
    work.spend(cost::BUSINESS * ids.len() as u64).await?;
    let businesses = store.fetch(&ids, Some(found.as_of)).await?;
    let mut by_id: HashMap<_, _> =
        businesses.into_iter().flatten().map(|business| (business.id, business)).collect();
    let complete = |hit: Hit| {
        let business = by_id.remove(&hit.id)?;
        let is_there = business.details.position == hit.position;
        is_there.then(|| match detail {
            Detail::Full => Hit { business: Some(Box::new(business)), ..hit },
            _ => Hit { name: Some(business.details.name), ..hit },
        })
    };
    Ok(Found { hits: found.hits.into_iter().filter_map(complete).collect(), ..found })
}

fn newest(one: Option<ReadToken>, other: Option<ReadToken>) -> Option<ReadToken> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.later(other)),
        (one, other) => one.or(other),
    }
}
