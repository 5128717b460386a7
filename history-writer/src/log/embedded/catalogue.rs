//! Which segments there are, and where in them points lie.

use std::collections::BTreeSet;
use std::ops::Range;

use model::Timestamp;
use segment_log::HEADER_BYTES;

use super::writing::WrittenFrame;
use crate::TimeRange;

/// The bytes of a segment from which on a block is followed by another: what is read to find a point, at most, and a frame.
const BLOCK_BYTES: u64 = 64 << 10;
/// The time of receipt that a block spans at most, milliseconds, unless one frame spans more.
const BLOCK_SPAN_MS: u64 = 1_000;
/// How many places of damage are remembered, so that each is counted once.
const DAMAGED_MAX: usize = 10_000;
/// When the oldest points of a log were received that can't be read, at most so long before the first that can, milliseconds.
const UNKNOWN_MS: i64 = 24 * 60 * 60 * 1_000;

/// Frames behind each other.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// The position of the first point.
    first: u64,
    /// Where it begins in the segment, bytes.
    at: u64,
    /// The lowest time of receipt.
    lowest: i64,
}

/// What is durable of a segment.
#[derive(Debug)]
struct Segment {
    /// The position of its first point, which is its name.
    first: u64,
    /// The position behind its last point.
    next: u64,
    /// Where its last frame ends, bytes.
    bytes: u64,
    blocks: Vec<Block>,
    lowest: Option<i64>,
}

/// Where frames are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The segment, by the position of its first point.
    pub segment: u64,
    /// The bytes of it.
    pub from: u64,
    /// Where its last frame ends.
    pub to: u64,
    /// The position behind its last point.
    pub next: u64,
}

#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// By their first points, ascending.
    segments: Vec<Segment>,
    /// The first positions of what is damaged.
    damaged: BTreeSet<u64>,
    /// What of this wasn't told yet.
    untold: Vec<Range<u64>>,
}

impl Catalogue {
    /// Frames come in this segment from now on, the same as before or a new one.
    pub(super) fn begin(&mut self, first: u64) {
        if self.segments.last().is_none_or(|last| last.first != first) {
            let (bytes, blocks) = (HEADER_BYTES as u64, Vec::new());
            self.segments.push(Segment { first, next: first, bytes, blocks, lowest: None });
        }
    }

    /// Adds a frame behind the others, in the last segment or in a new one.
    pub(super) fn add(&mut self, segment: u64, frame: WrittenFrame) {
        self.begin(segment);
        let Some(last) = self.segments.last_mut() else { return };
        let WrittenFrame { first, at, end, summary } = frame;
        let lowest = summary.lowest;
        match last.blocks.last_mut() {
            Some(block)
                if end - block.at <= BLOCK_BYTES
                    && lowest.abs_diff(block.lowest) <= BLOCK_SPAN_MS =>
            {
                block.lowest = block.lowest.min(lowest);
            }
            _ => last.blocks.push(Block { first, at, lowest }),
        }
        last.lowest = Some(last.lowest.map_or(lowest, |it| it.min(lowest)));
        last.next = first + u64::from(summary.points);
        last.bytes = end;
    }

    /// The bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Where to read the first points at or behind a position; `None` at the end.
    pub(super) fn place(&self, from: u64) -> Option<Place> {
        let at = self.segments.partition_point(|segment| segment.next <= from);
        let segment = self.segments.get(at)?;
        let block = segment.blocks.partition_point(|block| block.first <= from);
        let block = segment.blocks.get(block.saturating_sub(1))?;
        let &Segment { first, next, bytes, .. } = segment;
        Some(Place { segment: first, from: block.at, to: bytes, next })
    }

    /// The lowest time of receipt of the points from a position on, and perhaps of some that were received within a second
    /// of the first of them.
    pub(super) fn lowest_received(&self, from: u64) -> Option<i64> {
        let at = self.segments.partition_point(|segment| segment.next <= from);
        let (segment, later) = self.segments[at..].split_first()?;
        let block = segment.blocks.partition_point(|block| block.first <= from);
        let blocks = &segment.blocks[block.saturating_sub(1)..];
        let within = blocks.iter().map(|block| block.lowest);
        within.chain(later.iter().filter_map(|segment| segment.lowest)).min()
    }

    /// The segments of which all points lie before a position, but for the last segment, which is written to.
    pub(super) fn outdated(&self, before: u64) -> Vec<u64> {
        let nexts = self.segments.iter().skip(1).map(|segment| segment.first);
        let with_next = self.segments.iter().zip(nexts);
        with_next.filter(|(_, next)| *next <= before).map(|(segment, _)| segment.first).collect()
    }

    /// A segment isn't there any more.
    pub(super) fn remove(&mut self, first: u64) {
        self.segments.retain(|segment| segment.first != first);
    }

    /// Says that points are damaged, or missing; answers whether that is news.
    pub(super) fn damage(&mut self, points: &Range<u64>) -> bool {
        let is_news = self.damaged.len() < DAMAGED_MAX && self.damaged.insert(points.start);
        if is_news {
            self.untold.push(points.clone());
        }
        is_news
    }

    /// When the points were received that turned out to be damaged or missing since this was asked last: between the neighbours
    /// that can be read, and until `now` if there are none behind them.
    pub(super) fn take_lost(&mut self, now: Timestamp) -> Vec<TimeRange> {
        let untold = std::mem::take(&mut self.untold);
        untold.into_iter().map(|points| self.received_around(&points, now)).collect()
    }

    fn received_around(&self, points: &Range<u64>, now: Timestamp) -> TimeRange {
        let blocks = || self.segments.iter().flat_map(|segment| &segment.blocks);
        let before = blocks().take_while(|block| block.first < points.start).last();
        let behind = blocks().find(|block| block.first >= points.end);
        let to = behind.map_or(now, |block| Timestamp(block.lowest).plus_ms(1));
        let from = before.map_or(to.plus_ms(-UNKNOWN_MS), |block| Timestamp(block.lowest));
        // Clocks that were set back.
        TimeRange { from: from.min(to.plus_ms(-1)), to: to.max(from.plus_ms(1)) }
    }
}
