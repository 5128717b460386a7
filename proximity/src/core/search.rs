//! A search, pure: what to ask a store for, and what to make of its answers.

pub(crate) mod count;
pub(crate) mod expanding_radius;
pub(crate) mod judge;
pub(crate) mod nearest;
pub(crate) mod scan;

use model::{Metres, Position, ReadToken, Timestamp};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::details::Name;
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::circle::{Circle, Millimetres};
use crate::core::limits::{Limits, RESULTS_MAX};
use crate::core::refusal::Refusal;

/// Which businesses somebody looks for: the nearest `limit` of those that match.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    circle: Circle,
    category: Option<CategoryKey>,
    open_at: Option<Timestamp>,
    limit: usize,
}

/// A business that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How far it is.
    pub distance: Millimetres,
    /// Which.
    pub id: BusinessId,
    /// Where.
    pub position: Position,
    /// What it is called, if asked for.
    pub name: Option<Name>,
    /// All on record about it, if asked for.
    pub business: Option<Box<Business>>,
}

/// A page of what was found, in the order of distance and id.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Up to as many as asked for; fewer, also on other pages than the last, where some were moved or removed while the
    /// page was made.
    pub hits: Vec<Hit>,
    /// Where the next page begins; `None` if there is nothing more.
    pub next: Option<SearchCursor>,
    /// The state that was searched.
    pub as_of: ReadToken,
}

/// Where a walk over the pages of a search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// The distance of the last hit.
    pub distance: Millimetres,
    /// The last hit.
    pub id: BusinessId,
    /// The state in which the walk began: older ones aren't searched, and what was put somewhere later is passed over.
    pub began: ReadToken,
}

impl Query {
    /// Everything within `radius` of `centre`, `limit` on a page.
    pub fn new(
        centre: Position,
        radius: Metres,
        limit: usize,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        if !(1.0..=f64::from(limits.radius_m_max)).contains(&radius.0) {
            return Err(Refusal::Radius { max_m: limits.radius_m_max });
        }
        if !(1..=RESULTS_MAX).contains(&limit) {
            return Err(Refusal::Results);
        }
        let circle = Circle::new(centre, Millimetres::new(radius));
        Ok(Self { circle, category: None, open_at: None, limit })
    }

    /// Only those of a category or group.
    #[must_use]
    pub fn of_category(self, category: Option<CategoryKey>) -> Self {
        Self { category, ..self }
    }

    /// Only those known to be open then.
    #[must_use]
    pub fn open_at(self, open_at: Option<Timestamp>) -> Self {
        Self { open_at, ..self }
    }

    /// Where.
    pub fn circle(&self) -> &Circle {
        &self.circle
    }

    /// Of which category.
    pub fn category(&self) -> Option<&CategoryKey> {
        self.category.as_ref()
    }

    /// Whether businesses within the circle may be left out.
    pub(crate) fn is_filtered(&self) -> bool {
        self.category.is_some() || self.open_at.is_some()
    }

    /// Open when.
    pub fn open_when(&self) -> Option<Timestamp> {
        self.open_at
    }

    /// How many on a page.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl Hit {
    /// What hits are ordered by.
    pub(crate) fn rank(&self) -> (Millimetres, BusinessId) {
        (self.distance, self.id)
    }
}
