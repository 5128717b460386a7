use std::collections::HashMap;
use std::sync::Arc;

use super::{Hit, Query};
use crate::core::catalogue::hours::OpeningHours;
use crate::core::cost;
use crate::core::search::scan::Candidate;
use model::FeedPosition;

/// Opening hours whose answer is remembered. A city has some thousand different ones.
const HOURS_REMEMBERED_MAX: usize = 4_096;

/// Looks at candidates: which are hits of a query, and how much work that was.
#[derive(Debug)]
pub(crate) struct Judge<'q> {
    pub(super) query: &'q Query,
    /// Whether those with these hours are open, by where the hours lie in memory; they are kept so that nothing else can
    /// lie there.
    open: HashMap<usize, (Arc<OpeningHours>, bool)>,
    rows_looked_at: u64,
}

impl<'q> Judge<'q> {
    pub(crate) fn new(query: &'q Query) -> Self {
        Self { query, open: HashMap::new(), rows_looked_at: 0 }
    }

    /// The candidate as a hit, if it is one. Those placed after `walk` began are none.
    pub(crate) fn judge(&mut self, candidate: &Candidate, walk: FeedPosition) -> Option<Hit> {
        self.rows_looked_at += 1;
        let circle = self.query.circle();
        let distance = circle.distance(candidate.position);
        if distance > circle.radius() || candidate.placed > walk || !self.is_open(candidate) {
            return None;
        }
        let Candidate { id, position, ref name, .. } = *candidate;
        Some(Hit { distance, id, position, name: name.clone(), business: None })
    }

    /// How many candidates were looked at until now, the same one again counted again.
    pub(crate) fn rows_looked_at(&self) -> u64 {
        self.rows_looked_at
    }

    /// What it costs to read and look at so many candidates, in the units of [`cost`].
    pub(crate) fn cost(&self, candidates: usize) -> u64 {
        let each = if self.query.open_when().is_some() { cost::ROW_WITH_HOURS } else { cost::ROW };
        candidates as u64 * each
    }

    /// Whether it is known to be open when that is asked for.
    fn is_open(&mut self, candidate: &Candidate) -> bool {
        let Some(at) = self.query.open_when() else { return true };
        let Some(hours) = &candidate.hours else { return false };
        let place = Arc::as_ptr(hours).addr();
        if let Some((_, open)) = self.open.get(&place) {
            return *open;
        }
        if self.open.len() >= HOURS_REMEMBERED_MAX {
            self.open.clear();
        }
        let open = hours.is_open_at(at);
        self.open.insert(place, (Arc::clone(hours), open));
        open
    }
}
