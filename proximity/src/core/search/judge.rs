use std::collections::HashMap;
use std::sync::Arc;

use super::{Hit, Query};
use crate::core::catalogue::hours::OpeningHours;
use crate::core::cost;
use crate::core::search::scan::{Candidate, SCAN_ROWS_MAX};
use model::FeedPosition;

/// Looks at candidates: which are hits of a query, and how much work that was.
#[derive(Debug)]
pub(crate) struct Judge<'q> {
    pub(super) query: &'q Query,
    /// Whether those with these hours are open, by where the hours lie in memory; they are kept so that nothing else can
    /// lie there. No more than a scan has rows: each scan brings hours of its own, and a city has some thousand.
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
        if self.open.len() >= SCAN_ROWS_MAX {
            // Those of scans before, which no candidate has any more.
            self.open.retain(|_, (hours, _)| Arc::strong_count(hours) > 1);
        }
        let open = hours.is_open_at(at);
        self.open.insert(place, (Arc::clone(hours), open));
        open
    }
}

#[cfg(test)]
mod tests {
    use model::{Metres, Position, Timestamp};

    use super::*;
    use crate::core::catalogue::id::BusinessId;
    use crate::core::limits::Limits;

    fn query() -> Query {
        let centre = Position::new(36.0, -115.0).expect("on Earth");
        let query = Query::new(centre, Metres(500.0), 20, &Limits::default()).expect("allowed");
        query.open_at(Some(Timestamp(0)))
    }

    fn candidate(hours: Option<OpeningHours>) -> Candidate {
        let id = BusinessId::from_integer(7).expect("an id");
        let position = Position::new(36.0, -115.0).expect("on Earth");
        let hours = hours.map(Arc::new);
        Candidate { id, position, placed: FeedPosition(0), hours, name: None }
    }

    fn never_open() -> Candidate {
        candidate(Some(OpeningHours::new("UTC", Vec::new()).expect("a zone")))
    }

    #[test]
    fn who_has_no_hours_on_record_is_not_known_to_be_open() {
        let query = query();
        assert_eq!(Judge::new(&query).judge(&candidate(None), FeedPosition(0)), None);
    }

    #[test]
    fn only_hours_of_scans_before_are_forgotten() {
        let query = query();
        let mut judge = Judge::new(&query);
        for _ in 1..SCAN_ROWS_MAX {
            assert_eq!(judge.judge(&never_open(), FeedPosition(0)), None);
        }
        assert_eq!(judge.open.len(), SCAN_ROWS_MAX - 1);
        let scan: Vec<_> = (0..3).map(|_| never_open()).collect();
        for candidate in &scan {
            judge.judge(candidate, FeedPosition(0));
        }
        assert_eq!(judge.open.len(), scan.len());
    }
}
