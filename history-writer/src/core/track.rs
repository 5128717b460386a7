//! A user's points in order, put together from wherever they lie: chunks of a store, logs that aren't written yet.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use model::{Timestamp, Version};

use super::chunk::Bucket;
use super::erasure::{Erasures, TimeRange};
use super::limits::{CHUNK_SPAN_MS_MAX, PAGE_POINTS};
use super::point::Point;

/// In which order a track is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The earliest first.
    Ascending,
    /// The latest first.
    Descending,
}

impl Direction {
    fn compare(self, a: &Version, b: &Version) -> Ordering {
        match self {
            Self::Ascending => a.cmp(b),
            Self::Descending => b.cmp(a),
        }
    }
}

/// Which of a user's points are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackQuery {
    /// Their effective times.
    pub range: TimeRange,
    /// Their order.
    pub direction: Direction,
    /// How many at most, at least 1.
    pub limit: usize,
    /// Only those behind this one in the order: where the page before ended.
    pub after: Option<Version>,
}

impl TrackQuery {
    /// All of a stretch of time, in pages of a whole track ([`PAGE_POINTS`]).
    pub fn whole(range: TimeRange, direction: Direction) -> Self {
        Self { range, direction, limit: PAGE_POINTS, after: None }
    }

    /// The effective times that are left, which the cursor cuts.
    pub fn times(&self) -> TimeRange {
        let TimeRange { from, to } = self.range;
        match (&self.after, self.direction) {
            (None, _) => self.range,
            (Some(after), Direction::Ascending) => {
                TimeRange { from: from.max(after.effective), to }
            }
            (Some(after), Direction::Descending) => {
                TimeRange { from, to: to.min(after.effective.plus_ms(1)) }
            }
        }
    }

    /// Where chunks begin ([`Chunk::first`](super::chunk::Chunk::first)) that may have a wanted point.
    pub fn chunk_starts(&self) -> TimeRange {
        let TimeRange { from, to } = self.times();
        // None begins in the bucket before that of its points.
        let bucket = Bucket::at(from).times();
        TimeRange { from: from.plus_ms(-CHUNK_SPAN_MS_MAX).max(bucket.from), to }
    }

    fn wants(&self, point: &Point) -> bool {
        let is_behind =
            |after: &Version| self.direction.compare(&point.version, after) == Ordering::Greater;
        self.range.contains(point.effective()) && self.after.as_ref().is_none_or(is_behind)
    }
}

/// Part of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackPage {
    /// The points in order, each version once.
    pub points: Vec<Point>,
    /// Where the next page begins ([`TrackQuery::after`]), if there are more points.
    pub next: Option<Version>,
}

/// Puts a page together.
///
/// Points come in any order, from any number of sources, as often as they like; those that were erased, or aren't wanted,
/// are dropped. What comes of it is the same. It holds at most about twice as many points as the page has.
///
/// Whoever reads chunks in the order of their beginnings, which is that of the query, may stop at the first one for which
/// [`Self::may_want`] says no.
#[derive(Debug)]
pub struct PageBuilder<'a> {
    query: TrackQuery,
    erasures: &'a Erasures,
    held: Vec<Point>,
    /// The last of the wanted points, and one more, once there are as many: what is behind it isn't needed.
    last: Option<Version>,
    is_sorted: bool,
}

/// How many points may be held beyond twice the page before they are sorted: a few chunks.
const UNSORTED_MAX: usize = 512;

impl<'a> PageBuilder<'a> {
    /// An empty page, from which these erasures are left out.
    pub fn new(query: TrackQuery, erasures: &'a Erasures) -> Self {
        Self { query, erasures, held: Vec::new(), last: None, is_sorted: true }
    }

    /// Makes room for so many points, as far as it may hold them.
    pub fn expect(&mut self, points: usize) {
        let room = self.held_max().saturating_sub(self.held.len());
        self.held.reserve(points.min(room));
    }

    /// Adds points of the query's user.
    pub fn add(&mut self, points: impl IntoIterator<Item = Point>) {
        for point in points {
            if self.takes(&point) {
                self.held.push(point);
                self.held_more();
            }
        }
    }

    /// Adds those points of a chunk that count. Nearly always all of them are wanted, and stay together.
    pub fn add_chunk(&mut self, mut points: Vec<Point>, counts: &dyn Fn(&Point) -> bool) {
        points.retain(|point| counts(point) && self.takes(point));
        if !points.is_empty() {
            self.held.append(&mut points);
            self.held_more();
        }
    }

    fn takes(&self, point: &Point) -> bool {
        self.query.wants(point) && !self.erasures.cover(point) && !self.is_behind(point)
    }

    fn held_more(&mut self) {
        self.is_sorted = false;
        if self.held.len() >= self.held_max() {
            self.sort();
        }
    }

    /// In which order points come.
    pub fn direction(&self) -> Direction {
        self.query.direction
    }

    /// Whether a chunk that begins at this moment, or behind it in the query's order, may have a point of the page.
    pub fn may_want(&mut self, first: Timestamp) -> bool {
        self.may_want_between(first, first.plus_ms(CHUNK_SPAN_MS_MAX))
    }

    /// Whether points of these times may be on the page.
    pub fn may_want_times(&mut self, times: TimeRange) -> bool {
        self.query.times().overlaps(times)
            && self.may_want_between(times.from, times.to.plus_ms(-1))
    }

    fn may_want_between(&mut self, earliest: Timestamp, latest: Timestamp) -> bool {
        if !self.is_sorted && self.held.len() > self.query.limit {
            self.sort();
        }
        let TimeRange { from, to } = self.query.times();
        match self.query.direction {
            Direction::Ascending => {
                earliest < to && self.last.as_ref().is_none_or(|last| earliest <= last.effective)
            }
            Direction::Descending => {
                latest >= from && self.last.as_ref().is_none_or(|last| latest >= last.effective)
            }
        }
    }

    /// The page, once all points were added.
    pub fn finish(mut self) -> TrackPage {
        self.sort();
        let has_more = self.held.len() > self.query.limit;
        self.held.truncate(self.query.limit);
        let next = self.held.last().filter(|_| has_more).map(|point| point.version.clone());
        TrackPage { points: self.held, next }
    }

    fn held_max(&self) -> usize {
        self.query.limit.saturating_mul(2).saturating_add(UNSORTED_MAX)
    }

    fn is_behind(&self, point: &Point) -> bool {
        let is_behind =
            |last| self.query.direction.compare(&point.version, last) == Ordering::Greater;
        self.last.as_ref().is_some_and(is_behind)
    }

    /// Sorts what is held and lets go of what no page can need.
    fn sort(&mut self) {
        if !self.is_sorted {
            Point::sort_and_deduplicate_by(&mut self.held, |a, b| {
                self.query.direction.compare(a, b)
            });
            self.is_sorted = true;
        }
        // One more than the page has tells whether there is another page.
        self.held.truncate(self.query.limit.saturating_add(1));
        if self.held.len() > self.query.limit {
            self.last = self.held.last().map(|point| point.version.clone());
        }
    }
}
