use std::collections::HashMap;

use model::{Metres, Monotonic};

use super::bookmark::Bookmark;
use super::hints::{Hint, Hints};
use super::ladder::{Ladder, Step};
use super::tally::Tally;
use super::{Found, Hit, Query};
use crate::cell::Code;
use crate::circle::Millimetres;
use crate::error::Error;
use crate::metrics::SEARCH_SCANS;
use crate::store::Store;
use sql::Freshness;

/// Scans that one search may take: each but a few brings some ten thousand rows.
pub(crate) const SCANS_MAX: usize = 2_000;
/// By how much the first circle of a filtered search is larger: what share the filter leaves isn't known.
const FILTER_GROWTH: f64 = 2.5;

/// What a search tells about each hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Id, position and distance.
    Bare,
    /// The name too.
    Named,
    /// All on record.
    Full,
}

/// Asks the store for what a ladder wants until it has its page.
pub(crate) async fn nearby(
    store: &dyn Store,
    query: &Query,
    after: Option<Bookmark>,
    detail: Detail,
    hint: Option<Millimetres>,
    fresh: Option<Freshness>,
) -> Result<Found, Error> {
    let mut ladder = Ladder::new(query, after, hint).with_names(detail == Detail::Named);
    for scans in 1..=SCANS_MAX {
        let (scan, wanted) = ladder.wants();
        let scanned = store.scan(scan, newest(wanted, fresh)).await?;
        if let Step::Done(found) = ladder.take(scanned) {
            metrics::histogram!(SEARCH_SCANS).record(scans as f64);
            return complete(store, found, detail).await;
        }
    }
    Err(Error::Internal(format!("a search took more than {SCANS_MAX} scans")))
}

/// How many a query finds in all.
pub(crate) async fn total(
    store: &dyn Store,
    query: &Query,
    fresh: Option<Freshness>,
) -> Result<u64, Error> {
    let mut tally = Tally::new(query);
    for _ in 0..SCANS_MAX {
        let (scan, wanted) = tally.wants();
        let scanned = store.scan(scan, newest(wanted, fresh)).await?;
        if let Some(total) = tally.take(&scanned) {
            return Ok(total);
        }
    }
    Err(Error::Internal(format!("a count took more than {SCANS_MAX} scans")))
}

/// The radius of the first circle: as far as it is known, or can be asked for, how densely businesses stand there.
pub(crate) async fn hint(
    store: &dyn Store,
    hints: &Hints,
    query: &Query,
    now: Monotonic,
) -> Result<Option<Millimetres>, Error> {
    let needed = query.limit + 1;
    let mut hint = hints.radius(&query.circle, needed, now);
    if hint == Hint::ToBeLearned {
        let area = Code::of(query.circle.centre()).area();
        hints.learn(area, store.density(area).await?, now);
        hint = hints.radius(&query.circle, needed, now);
    }
    let Hint::Radius(radius) = hint else { return Ok(None) };
    let is_filtered = query.category.is_some() || query.open_at.is_some();
    let growth = if is_filtered { FILTER_GROWTH } else { 1.0 };
    Ok(Some(Millimetres::of(Metres(radius.metres() * growth))))
}

/// Adds what is asked for and wasn't found yet: names, or all on record, of those on the page only. What was removed or
/// moved between the two reads isn't told: it isn't where it was found.
pub(crate) async fn complete(
    store: &dyn Store,
    found: Found,
    detail: Detail,
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

fn newest(one: Option<Freshness>, other: Option<Freshness>) -> Option<Freshness> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.later(other)),
        (one, other) => one.or(other),
    }
}
