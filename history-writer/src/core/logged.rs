use model::UserId;

use super::point::Point;

/// Where a point lies in one log: grows from point to point, with gaps. Positions of different logs can't be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition(pub u64);

/// A point as it is read from a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Where it lies.
    pub position: LogPosition,
    /// Whose it is.
    pub user: UserId,
    /// The point.
    pub point: Point,
}
