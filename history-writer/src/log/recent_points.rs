//! The points that aren't stored for certain yet, by user, in memory: what tracks are made of beside what is stored.

use std::collections::{BTreeSet, HashMap, VecDeque};

use model::UserId;
use parking_lot::RwLock;

use super::{TakePoints, codec};
use crate::{Direction, TimeRange};

/// What a user takes in a map beside the points, bytes, about.
const USER_BYTES: usize = 192;
/// The bytes from which on points go into another block: what is read although only one point of it is wanted.
const BLOCK_BYTES: usize = 8 << 10;

/// Points of a user behind each other, as they are written.
#[derive(Debug)]
struct Block {
    /// The effective times of its points.
    times: TimeRange,
    rows: Vec<u8>,
}

/// Where a block lies: its segment, and its number there.
type Place = (u64, usize);

/// What is in one segment.
#[derive(Debug)]
struct Generation {
    segment: u64,
    /// The position behind its last point.
    next: u64,
    users: HashMap<UserId, Vec<Block>>,
    bytes: usize,
}

/// The newest points, up to a number of bytes. Older segments go first.
#[derive(Debug)]
pub(super) struct RecentPoints {
    generations: VecDeque<Generation>,
    bytes: usize,
    bytes_max: usize,
    /// All points from this position on are here.
    from: u64,
}

impl RecentPoints {
    /// Of no points yet; the first will have this position or a later one.
    pub(super) fn new(from: u64, bytes_max: usize) -> Self {
        Self { generations: VecDeque::new(), bytes: 0, bytes_max, from }
    }

    /// Adds points of a user behind the others. `rows` are they as they are written, `position` is the first one's, `times` are
    /// their effective ones.
    pub(super) fn add(
        &mut self,
        segment: u64,
        position: u64,
        user: &UserId,
        points: u32,
        times: TimeRange,
        rows: &[u8],
    ) {
        if self.generations.back().is_none_or(|last| last.segment != segment) {
            let users = HashMap::new();
            self.generations.push_back(Generation { segment, next: position, users, bytes: 0 });
        }
        let Some(last) = self.generations.back_mut() else { return };
        let mut bytes = rows.len();
        // Nearly always the user is there: their id isn't copied to be looked up.
        if !last.users.contains_key(user) {
            bytes += USER_BYTES + user.as_str().len();
            last.users.insert(user.clone(), Vec::with_capacity(1));
        }
        let Some(blocks) = last.users.get_mut(user) else { return };
        match blocks.last_mut().filter(|block| block.rows.len() < BLOCK_BYTES) {
            Some(block) => {
                block.times = block.times.with(times);
                block.rows.extend_from_slice(rows);
            }
            None => blocks.push(Block { times, rows: rows.to_vec() }),
        }
        last.next = position + u64::from(points);
        last.bytes += bytes;
        self.bytes += bytes;
        while self.bytes > self.bytes_max {
            self.drop_oldest();
        }
    }

    /// Drops the segments all of whose points lie before a position.
    pub(super) fn forget(&mut self, before: u64) {
        while self.generations.front().is_some_and(|oldest| oldest.next <= before) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.generations.pop_front() {
            self.bytes -= oldest.bytes;
            self.from = oldest.next;
        }
    }

    /// Where a user's points lie, and which effective times they have.
    fn blocks(&self, user: &UserId) -> Vec<(TimeRange, Place)> {
        self.generations
            .iter()
            .filter_map(|it| Some((it.segment, it.users.get(user)?)))
            .flat_map(|(segment, blocks)| {
                blocks.iter().enumerate().map(move |(at, block)| (block.times, (segment, at)))
            })
            .collect()
    }

    /// A block of a user's points as they are written, if it is still there.
    fn rows(&self, user: &UserId, (segment, at): Place) -> Option<Vec<u8>> {
        let generation = self.generations.iter().find(|it| it.segment == segment)?;
        generation.users.get(user)?.get(at).map(|block| block.rows.clone())
    }

    /// Adds those of the users behind another who have points in the first segment behind another that has any: `first` are the
    /// first ones that are known, `limit` at most. Answers which segment that was.
    pub(super) fn users(
        &self,
        after: Option<&UserId>,
        limit: usize,
        behind: Option<u64>,
        first: &mut BTreeSet<UserId>,
    ) -> Option<u64> {
        let generation = self.generations.iter().find(|it| Some(it.segment) > behind)?;
        for user in generation.users.keys().filter(|user| after.is_none_or(|after| *user > after)) {
            let is_too_late = first.len() >= limit && first.last().is_some_and(|last| user >= last);
            if !is_too_late && first.insert(user.clone()) && first.len() > limit {
                first.pop_last();
            }
        }
        Some(generation.segment)
    }

    /// All points from this position on are here.
    pub(super) fn from(&self) -> u64 {
        self.from
    }
}

/// Hands a user's points to `taker`, but for those whose times it doesn't want: a page of a long track costs a page's reading.
pub(super) fn of_user(recent: &RwLock<RecentPoints>, user: &UserId, taker: &mut dyn TakePoints) {
    let mut blocks = recent.read().blocks(user);
    match taker.direction() {
        Direction::Ascending => blocks.sort_by_key(|(times, _)| times.from),
        Direction::Descending => blocks.sort_by_key(|(times, _)| std::cmp::Reverse(times.to)),
    }
    for (times, place) in blocks {
        if !taker.may_want(times) {
            continue;
        }
        // Whoever writes waits for a copy of one block at most. What is dropped meanwhile is stored, or is said to be missing.
        let rows = recent.read().rows(user, place);
        let points = rows.iter().flat_map(|rows| codec::points(rows).map_while(Result::ok));
        points.for_each(|point| taker.take(point));
    }
}

/// The first `limit` users behind another who have points.
pub(super) fn users(
    recent: &RwLock<RecentPoints>,
    after: Option<&UserId>,
    limit: usize,
) -> BTreeSet<UserId> {
    let (mut first, mut behind) = (BTreeSet::new(), None);
    loop {
        let recent = recent.read();
        behind = recent.users(after, limit, behind, &mut first);
        if behind.is_none() {
            return first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::point::tests::point;
    use crate::log::codec::put_run;
    use crate::{Erasures, PageBuilder, Point, TrackQuery};

    const RUN_POINTS: i64 = 500;
    const RUNS: i64 = 200;

    /// Takes a page, as tracks do.
    struct Page<'a, 'p> {
        page: &'a mut PageBuilder<'p>,
        taken: usize,
    }

    impl TakePoints for Page<'_, '_> {
        fn direction(&self) -> Direction {
            self.page.direction()
        }

        fn may_want(&mut self, times: TimeRange) -> bool {
            self.page.may_want_times(times)
        }

        fn take(&mut self, point: Point) {
            self.taken += 1;
            self.page.add([point]);
        }
    }

    /// A point a second, handed in by the given order of runs.
    fn recent(user: &UserId, runs: impl Iterator<Item = i64>) -> RwLock<RecentPoints> {
        let mut recent = RecentPoints::new(0, usize::MAX);
        for (at, run) in runs.enumerate() {
            let numbers = run * RUN_POINTS..(run + 1) * RUN_POINTS;
            let points: Vec<_> = numbers.map(|n| point(n * 1_000, "a", n as u64, 0)).collect();
            let times = TimeRange::around(points.iter().map(Point::effective));
            let mut rows = Vec::new();
            let start = put_run(&mut rows, user, &points);
            let position = at as u64 * RUN_POINTS as u64;
            let (segment, count) = (at as u64 / 20, RUN_POINTS as u32);
            recent.add(segment, position, user, count, times, &rows[start..]);
        }
        RwLock::new(recent)
    }

    #[test]
    fn a_page_of_a_long_track_costs_a_page() {
        let user = UserId::parse("ann").expect("an id");
        let erasures = Erasures::default();
        let orders: [Vec<i64>; 2] = [(0..RUNS).collect(), (0..RUNS).rev().collect()];
        for (order, direction) in orders.into_iter().flat_map(|order| {
            [Direction::Ascending, Direction::Descending].map(|d| (order.clone(), d))
        }) {
            let recent = recent(&user, order.into_iter());
            let mut query =
                TrackQuery { limit: 1_000, ..TrackQuery::whole(TimeRange::ALL, direction) };
            let (mut pages, mut found) = (0, Vec::new());
            loop {
                let mut page = PageBuilder::new(query.clone(), &erasures);
                let mut onto = Page { page: &mut page, taken: 0 };
                of_user(&recent, &user, &mut onto);
                let taken = onto.taken;
                assert!(taken <= 5 * query.limit, "{taken} points were read for a page");
                let page = page.finish();
                found.extend(page.points.iter().map(|point| point.version.seq as i64));
                pages += 1;
                let Some(next) = page.next else { break };
                query.after = Some(next);
            }
            let mut expected: Vec<_> = (0..RUNS * RUN_POINTS).collect();
            if direction == Direction::Descending {
                expected.reverse();
            }
            assert_eq!((pages, found), (100, expected));
        }
    }
}
