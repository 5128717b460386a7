use super::{Query, ladder::rest};
use crate::cell::{Code, Range};
use crate::cover::{Parts, parts};
use crate::id::BusinessId;
use crate::store::{SCAN_ROWS_MAX, Scan, Scanned};
use sql::Freshness;

/// Counts all that a query would find: what lies in the circle for certain is counted by the store, the rim here.
#[derive(Debug)]
pub(crate) struct Tally<'q> {
    query: &'q Query,
    parts: Parts,
    total: u64,
    as_of: Option<Freshness>,
    resume: Option<(Code, BusinessId)>,
}

impl<'q> Tally<'q> {
    /// The total of all pages.
    pub(crate) fn new(query: &'q Query) -> Self {
        let mut parts = parts(&query.circle);
        if query.open_at.is_some() {
            // Who is open can't be told without looking at each.
            parts.rim.append(&mut parts.inner);
            parts.rim.sort_unstable();
        }
        Self { query, parts, total: 0, as_of: None, resume: None }
    }

    /// What to ask the store for; from as new a state as the page, so that they agree where nothing changes.
    pub(crate) fn wants(&self) -> (Scan, Option<Freshness>) {
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

    /// What the store answered; the total, once it is known. It is that of one state unless the rim took several scans.
    pub(crate) fn take(&mut self, scanned: &Scanned) -> Option<u64> {
        self.as_of.get_or_insert(scanned.as_of);
        self.total += scanned.counted;
        let last = scanned.candidates.last().map(|last| (Code::of(last.position), last.id));
        let as_of = scanned.as_of.position;
        let hits = scanned.candidates.iter().filter_map(|c| self.query.judge(c, as_of));
        self.total += hits.count() as u64;
        self.resume = last.filter(|_| scanned.more);
        self.resume.is_none().then_some(self.total)
    }
}
