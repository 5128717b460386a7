//! Which points become a chunk together, while a log is read.

mod open_chunk;
#[cfg(test)]
mod tests;
mod ticket;
mod user_chunks;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use model::{Monotonic, UserId};

use super::chunk::Chunk;
use super::erasure::Erasure;
use super::limits::{
    CHUNK_AGE_MS_MAX, CHUNKS_OPEN_MAX_DEFAULT, CHUNKS_OPEN_PER_USER_MAX, POINTS_OPEN_MAX_DEFAULT,
};
use super::logged::{LogPosition, Logged};
use super::point::Point;
use open_chunk::OpenChunk;
pub use ticket::ChunkTicket;
use user_chunks::UserChunks;

/// A chunk that is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedChunk {
    /// By which it is told that it is stored.
    pub ticket: ChunkTicket,
    /// Whose it is.
    pub user: UserId,
    /// The points.
    pub chunk: Chunk,
}

/// When chunks are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkingLimits {
    /// The most chunks that are open at once.
    pub chunks_open_max: usize,
    /// The most points in them.
    pub points_open_max: usize,
    /// How long a chunk stays open after its first point came, milliseconds.
    pub age_ms_max: u64,
}

impl Default for ChunkingLimits {
    fn default() -> Self {
        Self {
            chunks_open_max: CHUNKS_OPEN_MAX_DEFAULT,
            points_open_max: POINTS_OPEN_MAX_DEFAULT,
            age_ms_max: CHUNK_AGE_MS_MAX,
        }
    }
}

/// The chunks that are being gathered out of one log, and those that are being stored.
///
/// Points are added as the log is read. Then [`Self::next_closed`] gives the chunks that are to be stored, and for each
/// [`Self::stored`] is called once it is; until then it counts as lost at a crash. Before the log is told what it may forget, it
/// is asked for the [`Self::checkpoint`].
///
/// A chunk closes when it is full, when its first point came long enough ago, or when there are too many points or chunks:
/// then the one that lies lowest in the log, so that the checkpoint moves on. Points that come late, twice or out of order
/// are normal: each goes into any chunk of its user that it is near enough to.
#[derive(Debug)]
pub struct Chunking {
    limits: ChunkingLimits,
    users: HashMap<UserId, UserChunks>,
    /// Whose each open chunk is, the lowest in the log first.
    open: BTreeMap<ChunkTicket, UserId>,
    closed: VecDeque<ClosedChunk>,
    /// Closed, and not yet stored.
    unstored: BTreeSet<ChunkTicket>,
    points_open: usize,
    /// The highest position that was read.
    read_to: Option<LogPosition>,
    serial: u64,
}

impl Chunking {
    /// Nothing read yet.
    pub fn new(limits: ChunkingLimits) -> Self {
        Self {
            limits,
            users: HashMap::new(),
            open: BTreeMap::new(),
            closed: VecDeque::new(),
            unstored: BTreeSet::new(),
            points_open: 0,
            read_to: None,
            serial: 0,
        }
    }

    /// Adds a point out of the log.
    pub fn add(&mut self, now: Monotonic, Logged { position, user, point }: Logged) {
        self.pass(position);
        let Some(chunks) = self.users.get_mut(&user) else {
            return self.open(now, position, user, point);
        };
        let Some(chunk) = chunks.iter_mut().find(|chunk| chunk.has_room_for(&point)) else {
            if chunks.len() >= CHUNKS_OPEN_PER_USER_MAX {
                let oldest = chunks.oldest();
                self.close(oldest);
            }
            return self.open(now, position, user, point);
        };
        if position < chunk.ticket.lowest {
            self.open.remove(&chunk.ticket);
            chunk.ticket.lowest = position;
            self.open.insert(chunk.ticket, user);
        }
        self.points_open += usize::from(chunk.add(point));
        if chunk.is_full() {
            let ticket = chunk.ticket;
            self.close(ticket);
        }
        self.keep_within_limits();
    }

    /// Passes over what lies here in the log and isn't to be stored, as a point that was erased.
    pub fn pass(&mut self, position: LogPosition) {
        self.read_to = self.read_to.max(Some(position));
    }

    /// Closes the chunks whose first point came long enough ago. One waits for those that lie lower in the log, which came
    /// earlier unless something was read again.
    pub fn close_aged(&mut self, now: Monotonic) {
        while let Some((&ticket, user)) = self.open.first_key_value() {
            let opened = self.users.get(user).and_then(|chunks| chunks.opened(ticket));
            if opened.is_some_and(|opened| now.since_ms(opened) < self.limits.age_ms_max) {
                break;
            }
            self.close(ticket);
        }
    }

    /// Closes all chunks, as before the process ends.
    pub fn close_all(&mut self) {
        while let Some((&ticket, _)) = self.open.first_key_value() {
            self.close(ticket);
        }
    }

    /// The next chunk to be stored. Until [`Self::stored`] is called for it the log has to keep its points.
    pub fn next_closed(&mut self) -> Option<ClosedChunk> {
        self.closed.pop_front()
    }

    /// Notes that a chunk is stored, or that its points will never be.
    pub fn stored(&mut self, ticket: ChunkTicket) {
        self.unstored.remove(&ticket);
    }

    /// Drops the points that an erasure covers. Those of chunks that were taken to be stored are left out when read.
    pub fn erase(&mut self, user: &UserId, erasure: &Erasure) {
        for mut chunk in self.users.remove(user).into_iter().flatten() {
            self.points_open -= chunk.erase(erasure);
            if chunk.is_empty() {
                self.open.remove(&chunk.ticket);
            } else {
                UserChunks::insert(&mut self.users, user.clone(), chunk);
            }
        }
        let unstored = &mut self.unstored;
        self.closed.retain_mut(|closed| {
            if closed.user != *user || !closed.chunk.points().iter().any(|it| erasure.covers(it)) {
                return true;
            }
            let left = closed.chunk.points().iter().filter(|point| !erasure.covers(point));
            let chunk = Chunk::new(left.cloned().collect());
            if chunk.is_none() {
                unstored.remove(&closed.ticket);
            }
            chunk.map(|chunk| closed.chunk = chunk).is_some()
        });
    }

    /// Up to where the log may forget: of what was added, all that lies below is stored. `None` before anything was read. It
    /// goes back if something is read that lies lower.
    pub fn checkpoint(&self) -> Option<LogPosition> {
        let open = self.open.first_key_value().map(|(ticket, _)| ticket.lowest);
        let unstored = self.unstored.first().map(|ticket| ticket.lowest);
        let lowest = open.into_iter().chain(unstored).min();
        lowest.or_else(|| self.read_to.map(|LogPosition(read)| LogPosition(read.saturating_add(1))))
    }

    /// How many chunks are open.
    pub fn chunks_open(&self) -> usize {
        self.open.len()
    }

    /// How many points are in open chunks.
    pub fn points_open(&self) -> usize {
        self.points_open
    }

    /// How many chunks are closed and not yet stored, taken or not.
    pub fn chunks_unstored(&self) -> usize {
        self.unstored.len()
    }

    fn open(&mut self, now: Monotonic, lowest: LogPosition, user: UserId, point: Point) {
        let ticket = ChunkTicket { lowest, serial: self.serial };
        self.serial += 1;
        self.points_open += 1;
        self.open.insert(ticket, user.clone());
        UserChunks::insert(&mut self.users, user, OpenChunk::new(ticket, now, point));
        self.keep_within_limits();
    }

    fn keep_within_limits(&mut self) {
        while self.open.len() > self.limits.chunks_open_max
            || self.points_open > self.limits.points_open_max
        {
            let Some((&ticket, _)) = self.open.first_key_value() else { break };
            self.close(ticket);
        }
    }

    fn close(&mut self, ticket: ChunkTicket) {
        let Some(user) = self.open.remove(&ticket) else { return };
        let Some(chunk) = UserChunks::remove(&mut self.users, &user, ticket) else { return };
        let points = chunk.into_points();
        self.points_open -= points.len();
        let chunk = Chunk::new(points).expect("an open chunk takes only what fits");
        self.unstored.insert(ticket);
        self.closed.push_back(ClosedChunk { ticket, user, chunk });
    }
}
