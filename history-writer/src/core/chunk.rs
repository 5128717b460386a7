//! Up to 60 points of one user that lie close in time: what is written to a store at once.

mod bits;
mod decode;
mod encode;
mod error;
mod estimate;
mod series;
#[cfg(test)]
mod tests;

use model::Timestamp;

use super::erasure::TimeRange;
use super::limits::{BUCKET_MS, CHUNK_POINTS_MAX, CHUNK_SPAN_MS_MAX};
use super::point::Point;
pub use error::ChunkError;

/// A week, counted from 1970: a user's chunks of one bucket lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub i64);

impl Bucket {
    /// The bucket of points of this effective time.
    pub fn at(effective: Timestamp) -> Self {
        Self(effective.0.div_euclid(BUCKET_MS))
    }

    /// The effective times of its points.
    pub fn times(self) -> TimeRange {
        let start = |bucket: i64| Timestamp(bucket.saturating_mul(BUCKET_MS));
        TimeRange { from: start(self.0), to: start(self.0.saturating_add(1)) }
    }
}

/// Points of one user, any mix of devices, in the order of their versions, each version once. There is at least one and there
/// are at most [`CHUNK_POINTS_MAX`]; they lie in one bucket, and the last at most [`CHUNK_SPAN_MS_MAX`] behind the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    points: Vec<Point>,
}

impl Chunk {
    /// A chunk of these points, which are sorted and of which each version is taken once; `None` if they don't fit into one.
    pub fn new(mut points: Vec<Point>) -> Option<Self> {
        Point::sort_and_deduplicate(&mut points);
        Self { points }.checked()
    }

    /// Itself, if its points are in order and fit into one.
    fn checked(self) -> Option<Self> {
        let (first, last) = (self.points.first()?.effective(), self.points.last()?.effective());
        let fits = self.points.len() <= CHUNK_POINTS_MAX
            && last - first <= CHUNK_SPAN_MS_MAX
            && Bucket::at(first) == Bucket::at(last)
            && self.points.is_sorted_by(|a, b| a.version < b.version);
        fits.then_some(self)
    }

    /// The effective times that further points of a chunk may have whose first and last ones are these.
    pub(crate) fn room(first: Timestamp, last: Timestamp) -> TimeRange {
        let TimeRange { from, to } = Bucket::at(first).times();
        let earliest = last.plus_ms(-CHUNK_SPAN_MS_MAX);
        let latest = first.plus_ms(CHUNK_SPAN_MS_MAX);
        TimeRange { from: from.max(earliest), to: to.min(latest.plus_ms(1)) }
    }

    /// The points in order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The points in order.
    pub fn into_points(self) -> Vec<Point> {
        self.points
    }

    /// Where it is filed.
    pub fn bucket(&self) -> Bucket {
        Bucket::at(self.first())
    }

    /// The effective time of its first point.
    pub fn first(&self) -> Timestamp {
        self.points[0].effective()
    }

    /// The effective time of its last point.
    pub fn last(&self) -> Timestamp {
        self.points[self.points.len() - 1].effective()
    }

    /// The points as bytes, without the user whose they are.
    pub fn encode(&self) -> Vec<u8> {
        encode::encode(&self.points)
    }

    /// Reads what [`Self::encode`] wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChunkError> {
        let points = decode::decode(bytes)?;
        Self { points }.checked().ok_or(ChunkError::Malformed)
    }
}
