use std::ops::Range;

use super::collector::{Collector, Count, Page};
use super::grid::{Point, chord2, point};
use super::tree::Visitor;
use super::{Entry, Index};
use crate::core::search::SearchCursor;
use crate::core::search::{Found, Hit, Query, nearest};

impl Index {
    /// A page of what a query finds, if it takes no more than so many points.
    pub(crate) fn nearby(
        &self,
        query: &Query,
        after: Option<SearchCursor>,
        names: bool,
        points_max: usize,
    ) -> Looked<Found> {
        let walk = after.map_or(self.as_of(), |cursor| cursor.began);
        let mut page = Page::new(self, query, after.as_ref(), walk.position);
        let points = self.look(query, &mut page, points_max);
        if points > points_max {
            return Looked { points, answer: None };
        }
        let hits = page.into_hits();
        let hits = hits.into_iter().map(|(distance, entry)| Hit {
            distance,
            id: self.id(entry),
            position: self.position(entry),
            name: if names { self.name(entry) } else { None },
            business: None,
        });
        let (hits, next) = nearest::page(hits.collect(), query.limit(), walk);
        Looked { points, answer: Some(Found { hits, next, as_of: self.as_of() }) }
    }

    /// How many a query finds, if it takes no more than so many points.
    pub(crate) fn total(&self, query: &Query, points_max: usize) -> Looked<u64> {
        let mut count = Count::new(self, query.circle());
        let points = self.look(query, &mut count, points_max);
        Looked { points, answer: (points <= points_max).then_some(count.total) }
    }

    /// How many points were looked at: if more than `points_max`, then not all that there are.
    fn look<'a>(
        &'a self,
        query: &Query,
        collector: &mut impl Collector<'a>,
        points_max: usize,
    ) -> usize {
        let from = point(query.circle().centre());
        let having = query.category().map(|key| self.categories.having(key));
        let points = self.delta.len();
        let mut look = FilterVisitor { index: self, from, having, collector, points, points_max };
        for entry in self.delta.values() {
            look.at(chord2(entry.point, from), Entry::Delta(entry));
        }
        self.base.tree.visit(from, &mut look);
        look.points
    }
}

/// What came of looking at points.
pub(crate) struct Looked<T> {
    /// How many.
    pub(crate) points: usize,
    /// None if these weren't enough.
    pub(crate) answer: Option<T>,
}

/// The square of a reach in which there is nothing.
const NOWHERE2: f64 = -1.0;

/// Shows what lives, and is of a category that is wanted.
struct FilterVisitor<'a, 'w, W> {
    index: &'a Index,
    from: Point,
    /// Of which sets of categories, if not of any.
    having: Option<Vec<bool>>,
    collector: &'w mut W,
    /// Looked at until now, and when to give up.
    points: usize,
    points_max: usize,
}

impl<'a, W: Collector<'a>> FilterVisitor<'a, '_, W> {
    fn at(&mut self, chord2: f64, entry: Entry<'a>) {
        if chord2 > self.collector.reach2() {
            return;
        }
        let categories = || self.index.categories(entry);
        if self.having.as_ref().is_none_or(|having| having[categories()]) {
            self.collector.take(chord2, entry);
        }
    }
}

impl<'a, W: Collector<'a>> Visitor for FilterVisitor<'a, '_, W> {
    fn visit(&mut self, places: Range<usize>) {
        let index = self.index;
        self.points += places.len();
        for (place, entry) in places.clone().zip(&index.base.entries[places]) {
            let chord2 = chord2(entry.point, self.from);
            if chord2 <= self.collector.reach2() && !index.dead.contains(&(place as u32)) {
                self.at(chord2, Entry::Base(place));
            }
        }
    }

    fn reach2(&self) -> f64 {
        if self.points > self.points_max { NOWHERE2 } else { self.collector.reach2() }
    }

    fn whole2(&self) -> f64 {
        if self.having.is_some() { -1.0 } else { self.collector.count2() }
    }

    fn visit_whole(&mut self, places: Range<usize>) {
        let dead = self.index.dead.range(places.start as u32..places.end as u32).count();
        self.collector.count(places.len() - dead);
    }
}
