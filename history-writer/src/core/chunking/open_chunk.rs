use model::{Monotonic, Timestamp};

use super::ticket::ChunkTicket;
use crate::core::chunk::Chunk;
use crate::core::erasure::{Erasure, TimeRange};
use crate::core::limits::CHUNK_POINTS_MAX;
use crate::core::point::Point;

/// A chunk that is being gathered. It has at least one point until some are erased.
#[derive(Debug)]
pub(super) struct OpenChunk {
    pub(super) ticket: ChunkTicket,
    /// When its first point came.
    pub(super) opened: Monotonic,
    /// As they came, each version once.
    points: Vec<Point>,
    first: Timestamp,
    last: Timestamp,
    /// The effective times that a chunk may have which has these.
    room: TimeRange,
}

impl OpenChunk {
    pub(super) fn new(ticket: ChunkTicket, opened: Monotonic, point: Point) -> Self {
        let effective = point.effective();
        let room = Chunk::room(effective, effective);
        Self { ticket, opened, points: vec![point], first: effective, last: effective, room }
    }

    /// Whether it may have this point too.
    pub(super) fn has_room_for(&self, point: &Point) -> bool {
        self.room.contains(point.effective())
    }

    /// Takes a point; `false` if it had that version already.
    pub(super) fn add(&mut self, mut point: Point) -> bool {
        let effective = point.effective();
        if effective <= self.last
            && let Some(held) = self.points.iter_mut().find(|held| held.version == point.version)
        {
            if point.prevails_over(held) {
                *held = point;
            }
            return false;
        }
        // One text of a device's id does for all of its points.
        let device = &mut point.version.device;
        if let Some(last) = self.points.last().filter(|last| last.version.device == *device) {
            device.clone_from(&last.version.device);
        }
        if effective < self.first || effective > self.last {
            self.first = self.first.min(effective);
            self.last = self.last.max(effective);
            self.room = Chunk::room(self.first, self.last);
        }
        self.points.push(point);
        true
    }

    /// Drops what an erasure covers, and says how much that was.
    pub(super) fn erase(&mut self, erasure: &Erasure) -> usize {
        let before = self.points.len();
        self.points.retain(|point| !erasure.covers(point));
        before - self.points.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.points.len() >= CHUNK_POINTS_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    pub(super) fn into_points(self) -> Vec<Point> {
        self.points
    }
}
