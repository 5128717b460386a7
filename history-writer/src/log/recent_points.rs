//! The points that aren't stored for certain yet, by user, in memory: what tracks are made of beside what is stored.

use std::collections::{BTreeSet, HashMap, VecDeque};

use model::UserId;
use parking_lot::RwLock;

use super::codec;
use crate::Point;

/// What a user takes in a map beside the points, bytes, about.
const USER_BYTES: usize = 128;

/// What is in one segment.
#[derive(Debug)]
struct Generation {
    segment: u64,
    /// The position behind its last point.
    next: u64,
    /// Points behind each other, as they are written.
    users: HashMap<UserId, Vec<u8>>,
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

    /// Adds points of a user behind the others. `rows` are they as they are written, `position` is the first one's.
    pub(super) fn add(
        &mut self,
        segment: u64,
        position: u64,
        user: &UserId,
        points: u32,
        rows: &[u8],
    ) {
        if self.generations.back().is_none_or(|last| last.segment != segment) {
            let users = HashMap::new();
            self.generations.push_back(Generation { segment, next: position, users, bytes: 0 });
        }
        let Some(last) = self.generations.back_mut() else { return };
        let mut bytes = rows.len();
        if let Some(known) = last.users.get_mut(user) {
            known.extend_from_slice(rows);
        } else {
            bytes += USER_BYTES + user.as_str().len();
            last.users.insert(user.clone(), rows.to_vec());
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

    /// A user's points of the first segment behind another that has some, as they are written, and which segment that is.
    pub(super) fn rows(&self, user: &UserId, behind: Option<u64>) -> Option<(u64, Vec<u8>)> {
        let mut left = self.generations.iter().filter(|it| Some(it.segment) > behind);
        left.find_map(|generation| Some((generation.segment, generation.users.get(user)?.clone())))
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

/// Hands a user's points to `take`.
pub(super) fn of_user(recent: &RwLock<RecentPoints>, user: &UserId, take: &mut dyn FnMut(Point)) {
    let mut behind = None;
    loop {
        // Whoever writes waits for a copy of one segment's bytes at most.
        let rows = recent.read().rows(user, behind);
        let Some((segment, rows)) = rows else { break };
        codec::points(&rows).map_while(Result::ok).for_each(&mut *take);
        behind = Some(segment);
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
