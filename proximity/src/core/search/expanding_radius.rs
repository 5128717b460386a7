use super::SearchCursor;
use super::judge::Judge;
use super::nearest::Nearest;
use super::{Found, Query};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::{Code, Range};
use crate::core::geo::circle::Millimetres;
use crate::core::geo::cover::cover;
use crate::core::search::scan::{Candidate, SCAN_ROWS_MAX, Scan};
use model::ReadToken;

/// The first radius where nothing is known of the density.
pub(crate) const FIRST_RADIUS: Millimetres = Millimetres(250_000);
/// Each radius is at least this much larger than the last one …
const GROWTH_MIN: f64 = 2.5;
/// … and at most this much, however little was found.
const GROWTH_MAX: f64 = 10.0;
/// Of how many more than needed the next radius is sought: density isn't even.
const MARGIN: f64 = 1.5;
/// Rows of a circle that may turn out far too large: more than enough for a page, cheap to throw away.
const PROBE_ROWS_MAX: usize = 2_000;
/// No radius is smaller; around one point it is all the same.
const RADIUS_MIN: Millimetres = Millimetres(1_000);

/// Finds the nearest by looking into a small circle, and into larger ones until enough lie inside or the circle asked for
/// is searched. The last circle alone gives the answer, so that it comes from one state.
///
/// Whoever drives it asks a store for [`wants`](Self::wants), hands the answer to [`look`](Self::look), a part after the
/// other, and then says by [`step`](Self::step) that this was all of it.
#[derive(Debug)]
pub(crate) struct ExpandingRadius<'q> {
    query: &'q Query,
    judge: Judge<'q>,
    after: Option<SearchCursor>,
    names: bool,
    radius: Millimetres,
    /// Up to here there isn't enough: no use in searching less.
    too_small: Millimetres,
    ranges: Vec<Range>,
    round: Round,
}

/// The search of one circle.
#[derive(Debug)]
struct Round {
    nearest: Nearest,
    /// Of the first answer.
    as_of: Option<ReadToken>,
    /// Behind which candidate this scan began, and the last one that it brought.
    resume: Option<(Code, BusinessId)>,
    last: Option<(Code, BusinessId)>,
}

impl<'q> ExpandingRadius<'q> {
    /// Begins where a page is likely to be full: around `hint`, the radius of a circle with as many businesses. With
    /// `names`, or without.
    pub(crate) fn new(
        query: &'q Query,
        after: Option<SearchCursor>,
        hint: Option<Millimetres>,
        names: bool,
    ) -> Self {
        let page = hint.unwrap_or(FIRST_RADIUS).metres();
        // A ring around what was shown already, of the same area as the circle of one page.
        let shown = after.map_or(0.0, |cursor| cursor.distance.metres());
        let mut search = Self {
            query,
            judge: Judge::new(query),
            after,
            names,
            radius: Millimetres(0),
            too_small: after.map_or(Millimetres(0), |cursor| cursor.distance),
            ranges: Vec::new(),
            round: Round { nearest: Nearest::new(None, 0), as_of: None, resume: None, last: None },
        };
        search.search_within(millimetres(page.hypot(shown)));
        search
    }

    /// What to ask the store for.
    pub(crate) fn wants(&self) -> (Scan, Option<ReadToken>) {
        let resume = self.round.resume;
        let ranges =
            resume.map_or_else(|| self.ranges.clone(), |(code, _)| rest(&self.ranges, code));
        let scan = Scan {
            ranges,
            category: self.query.category.clone(),
            after: resume,
            rows_max: if self.is_probe() { PROBE_ROWS_MAX } else { SCAN_ROWS_MAX },
            hours: self.query.open_at.is_some(),
            names: self.names,
            counted: Vec::new(),
        };
        (scan, self.round.as_of.or(self.after.map(|cursor| cursor.began)))
    }

    /// Candidates that the store answered with, in their order, from this state.
    pub(crate) fn look(&mut self, candidates: &[Candidate], as_of: ReadToken) {
        let as_of = *self.round.as_of.get_or_insert(as_of);
        let walk = self.after.map_or(as_of, |cursor| cursor.began);
        for candidate in candidates {
            let hit = self.judge.judge(candidate, walk.position);
            if let Some(hit) = hit.filter(|hit| hit.distance <= self.radius) {
                self.round.nearest.offer(hit);
            }
        }
        let last = candidates.last().map(|last| (Code::new(last.position), last.id));
        self.round.last = last.or(self.round.last);
    }

    /// What was found, if no other scan is needed, after all of an answer that was of this state; there may be `more`
    /// behind it.
    pub(crate) fn step(&mut self, more: bool, as_of: ReadToken) -> Option<Found> {
        let as_of = *self.round.as_of.get_or_insert(as_of);
        if more && let Some(last) = self.round.last.take() {
            if self.is_probe() {
                self.search_within(self.smaller_radius());
            } else {
                self.round.resume = Some(last);
            }
            return None;
        }
        if !self.round.nearest.is_enough() && self.radius < self.query.circle.radius() {
            self.too_small = self.radius;
            self.search_within(self.next_radius());
            return None;
        }
        let walk = self.after.map_or(as_of, |cursor| cursor.began);
        let nearest = std::mem::replace(&mut self.round.nearest, Nearest::new(None, 0));
        let (hits, next) = nearest.into_page(walk);
        Some(Found { hits, next, as_of })
    }

    /// What it looked at, and what that costs.
    pub(crate) fn judge(&self) -> &Judge<'q> {
        &self.judge
    }

    fn search_within(&mut self, radius: Millimetres) {
        self.radius = radius.max(RADIUS_MIN).min(self.query.circle.radius());
        let beyond = self.after.map_or(Millimetres(0), |cursor| cursor.distance);
        self.ranges = cover(&self.query.circle.with_radius(self.radius), beyond);
        let nearest = Nearest::new(self.after.as_ref(), self.query.limit);
        self.round = Round { nearest, as_of: None, resume: None, last: None };
    }

    /// Whether this circle is given up if it has far too many: there may be enough in less, if that isn't known to be too
    /// little.
    fn is_probe(&self) -> bool {
        self.round.resume.is_none() && self.smaller_radius() > self.too_small.max(RADIUS_MIN)
    }

    fn smaller_radius(&self) -> Millimetres {
        millimetres(self.radius.metres() / GROWTH_MIN)
    }

    /// As high as the density of what was found promises.
    fn next_radius(&self) -> Millimetres {
        let (found, needed) = (self.round.nearest.len(), self.query.limit + 1);
        let growth = (MARGIN * needed as f64 / (found as f64 + 1.0)).sqrt();
        millimetres(self.radius.metres() * growth.clamp(GROWTH_MIN, GROWTH_MAX))
    }
}

fn millimetres(metres: f64) -> Millimetres {
    Millimetres::new(model::Metres(metres))
}

/// The ranges from a code on.
pub(super) fn rest(ranges: &[Range], from: Code) -> Vec<Range> {
    ranges
        .iter()
        .filter(|range| range.last >= from)
        .map(|range| Range { first: range.first.max(from), last: range.last })
        .collect()
}

#[cfg(test)]
mod tests;
