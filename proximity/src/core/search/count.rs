use super::{Query, expanding_radius::rest, judge::Judge};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::{Code, Range};
use crate::core::geo::cover::{SplitCover, parts};
use crate::core::search::scan::{Candidate, SCAN_ROWS_MAX, Scan};
use model::ReadToken;

/// Counts all that a query would find: what lies in the circle for certain is counted by the store, the rim here.
#[derive(Debug)]
pub(crate) struct Count<'q> {
    query: &'q Query,
    judge: Judge<'q>,
    parts: SplitCover,
    total: u64,
    as_of: Option<ReadToken>,
    /// Behind which candidate this scan began, and the last one that it brought.
    resume: Option<(Code, BusinessId)>,
    last: Option<(Code, BusinessId)>,
}

impl<'q> Count<'q> {
    /// The total of all pages.
    pub(crate) fn new(query: &'q Query) -> Self {
        let mut parts = parts(&query.circle);
        if query.open_at.is_some() {
            // Who is open can't be told without looking at each.
            parts.rim.append(&mut parts.inner);
            parts.rim.sort_unstable();
        }
        let judge = Judge::new(query);
        Self { query, judge, parts, total: 0, as_of: None, resume: None, last: None }
    }

    /// What to ask the store for; from as new a state as the page, so that they agree where nothing changes.
    pub(crate) fn wants(&self) -> (Scan, Option<ReadToken>) {
        let all: &[Range] = &self.parts.rim;
        let ranges = self.resume.map_or_else(|| all.to_vec(), |(code, _)| rest(all, code));
        let counted = if self.resume.is_none() { self.parts.inner.clone() } else { Vec::new() };
        let scan = Scan {
            ranges,
            category: self.query.category.clone(),
            after: self.resume,
            rows_max: SCAN_ROWS_MAX,
            hours: self.query.open_at.is_some(),
            names: false,
            counted,
        };
        (scan, self.as_of)
    }

    /// Candidates that the store answered with, in their order, from this state.
    pub(crate) fn look(&mut self, candidates: &[Candidate], as_of: ReadToken) {
        self.as_of.get_or_insert(as_of);
        let judged = candidates.iter().filter_map(|it| self.judge.judge(it, as_of.position));
        self.total += judged.count() as u64;
        let last = candidates.last().map(|last| (Code::new(last.position), last.id));
        self.last = last.or(self.last);
    }

    /// The total, once it is known, after all of an answer that was of this state and counted so many besides. It is that
    /// of one state unless the rim took several scans.
    pub(crate) fn step(&mut self, more: bool, counted: u64, as_of: ReadToken) -> Option<u64> {
        self.as_of.get_or_insert(as_of);
        self.total += counted;
        self.resume = self.last.take().filter(|_| more);
        self.resume.is_none().then_some(self.total)
    }

    /// What it looked at, and what that costs.
    pub(crate) fn judge(&self) -> &Judge<'q> {
        &self.judge
    }
}
