//! Points that were handed in, as they are written.

use model::UserId;

use super::codec::put_run;
use super::packed::{RUNS_BYTES_MAX, Summary};
use crate::{Point, TimeRange};

/// The most bytes that wait, unless one call alone has more.
pub(super) const WAITING_BYTES_MAX: usize = 32 << 20;
/// The most points of a run: so that a run is always less than what may be packed at once.
pub(super) const RUN_POINTS_MAX: usize = 1_024;
/// The bytes that a point takes at most, without its user: flags, a device of 64, five numbers, five values, a reason.
const POINT_BYTES_MAX: usize = 150;

/// Points of a user, as they are written.
#[derive(Debug)]
pub(super) struct Run {
    pub user: UserId,
    /// Where the points begin in the bytes of all runs.
    pub points_start: usize,
    /// Where they end.
    pub end: usize,
    /// The effective times of the points.
    pub times: TimeRange,
    pub summary: Summary,
}

/// Runs behind each other.
#[derive(Debug, Default)]
pub(super) struct Runs {
    pub bytes: Vec<u8>,
    pub list: Vec<Run>,
    pub points: u64,
    /// The lowest time of receipt.
    pub lowest: Option<i64>,
}

impl Runs {
    /// The points of a user, one at least.
    pub(super) fn encode(user: &UserId, points: &[Point]) -> Self {
        // As phones are: three devices in a hundred points.
        let bytes = Vec::with_capacity(user.as_str().len() + 64 + points.len() * 32);
        let mut runs = Self { bytes, list: Vec::with_capacity(1), ..Self::default() };
        runs.points = points.len() as u64;
        for points in points.chunks(RUN_POINTS_MAX) {
            let points_start = put_run(&mut runs.bytes, user, points);
            let received = points.iter().map(|point| point.received.0);
            let lowest = received.clone().min().unwrap_or_default();
            let highest = received.max().unwrap_or_default();
            let summary = Summary { lowest, highest, points: points.len() as u32 };
            runs.lowest = lower(runs.lowest, Some(lowest));
            let end = runs.bytes.len();
            let times = TimeRange::around(points.iter().map(Point::effective));
            runs.list.push(Run { user: user.clone(), points_start, end, times, summary });
        }
        runs
    }

    /// Puts others behind these.
    pub(super) fn extend(&mut self, others: Self) {
        let start = self.bytes.len();
        self.points += others.points;
        self.lowest = lower(self.lowest, others.lowest);
        self.bytes.extend_from_slice(&others.bytes);
        self.list.extend(others.list.into_iter().map(|run| Run {
            points_start: run.points_start + start,
            end: run.end + start,
            ..run
        }));
    }
}

/// The lower of two, where there are any.
pub(super) fn lower(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

const _: () =
    assert!(RUN_POINTS_MAX * POINT_BYTES_MAX + 256 <= RUNS_BYTES_MAX, "a run can always be packed");
