use crate::{Direction, Point, TimeRange};

/// Takes the points of a user that a log remembers ([`LogReader::recent`](super::LogReader::recent)). A function that takes any
/// point is one, too.
pub trait TakePoints {
    /// About in which order it wants them, which is how it comes to have enough the soonest.
    fn direction(&self) -> Direction {
        Direction::Ascending
    }

    /// Whether it may want points of these times, if it is handed them now. What it doesn't isn't read.
    fn may_want(&mut self, _times: TimeRange) -> bool {
        true
    }

    /// Takes a point, perhaps one that it doesn't want.
    fn take(&mut self, point: Point);
}

impl<F: FnMut(Point)> TakePoints for F {
    fn take(&mut self, point: Point) {
        self(point);
    }
}
