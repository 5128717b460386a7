//! Points as bytes.
//!
//! ```text
//! run    the user, how many points, the points
//! point  flags, [device], time of receipt, age at receipt, sequence number, latitude, longitude, values, [reason]
//! ```
//! A run has points of one user. Its first point is written whole; the others say by how much they differ from the one
//! before, which is little: most of what a session sends at once is written in some twenty bytes a point. Runs, and the
//! points of a run, can be put behind each other and are read as one.

#[cfg(test)]
mod tests;

use model::{DeviceId, Timestamp, UserId, Version};
use segment_log::{Bytes, Malformed, put_i64, put_text, put_u64};

use crate::{Point, StoredFix, Unshown};

/// What a point begins with.
mod flag {
    /// It is told by how it differs from the one before, and is of the same device if none is given.
    pub(super) const FOLLOWS: u8 = 1;
    /// The device is given.
    pub(super) const DEVICE: u8 = 1 << 1;
    /// It wasn't shown, for a reason.
    pub(super) const UNSHOWN: u8 = 1 << 2;
    /// The first of the values beside the position is there; the others have the bits above.
    pub(super) const VALUE: u8 = 1 << 3;
}

/// The fewest bytes of a point.
const POINT_BYTES_MIN: usize = 6;

/// What the next point differs from.
#[derive(Debug, Clone, Default)]
struct Previous {
    received: i64,
    seq: u64,
    latitude_e7: i32,
    longitude_e7: i32,
}

impl Previous {
    fn new(point: &Point) -> Self {
        Self {
            received: point.received.0,
            seq: point.version.seq,
            latitude_e7: point.fix.latitude_e7,
            longitude_e7: point.fix.longitude_e7,
        }
    }
}

/// Writes points of one user; says where in `out` the points begin.
pub(crate) fn put_run(out: &mut Vec<u8>, user: &UserId, points: &[Point]) -> usize {
    put_text(out, user.as_str());
    put_u64(out, points.len() as u64);
    let start = out.len();
    let mut before: Option<&Point> = None;
    for point in points {
        put_point(out, before, point);
        before = Some(point);
    }
    start
}

fn put_point(out: &mut Vec<u8>, before: Option<&Point>, point: &Point) {
    let device = Some(&point.version.device);
    let has_device = device != before.map(|before| &before.version.device);
    let values = point.fix.values();
    let mut flags = 0;
    for (bit, value) in values.iter().enumerate() {
        flags |= if value.is_some() { flag::VALUE << bit } else { 0 };
    }
    flags |= if before.is_some() { flag::FOLLOWS } else { 0 };
    flags |= if has_device { flag::DEVICE } else { 0 };
    flags |= if point.unshown.is_some() { flag::UNSHOWN } else { 0 };
    out.push(flags);
    if has_device {
        put_text(out, point.version.device.as_str());
    }
    let before = before.map(Previous::new).unwrap_or_default();
    let received = point.received.0;
    put_i64(out, received.wrapping_sub(before.received));
    put_i64(out, received.wrapping_sub(point.version.effective.0));
    put_i64(out, point.version.seq.wrapping_sub(before.seq) as i64);
    put_i64(out, i64::from(point.fix.latitude_e7) - i64::from(before.latitude_e7));
    put_i64(out, i64::from(point.fix.longitude_e7) - i64::from(before.longitude_e7));
    for value in values.into_iter().flatten() {
        put_i64(out, value.into());
    }
    out.extend(point.unshown.map(Unshown::number));
}

/// A run as it is read.
pub(super) struct Run<'a> {
    /// Whose.
    pub user: UserId,
    /// The points as they are written.
    pub rows: &'a [u8],
    /// The points.
    pub points: Vec<Point>,
}

/// Reads a run; `None` at the end.
pub(super) fn next_run<'a>(bytes: &mut Bytes<'a>) -> Result<Option<Run<'a>>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let user = UserId::parse(bytes.text()?).map_err(|_| Malformed)?;
    let count = bytes.u64()?;
    let rows = bytes.0;
    let mut points = bytes.room(count, POINT_BYTES_MIN);
    let mut reader = PointReader::default();
    for _ in 0..count {
        points.push(reader.next(bytes)?);
    }
    let rows = &rows[..rows.len() - bytes.0.len()];
    Ok(Some(Run { user, rows, points }))
}

/// Reads all points that were written behind each other.
pub(crate) fn points(rows: &[u8]) -> impl Iterator<Item = Result<Point, Malformed>> {
    let (mut bytes, mut reader) = (Bytes(rows), PointReader::default());
    std::iter::from_fn(move || (!bytes.is_empty()).then(|| reader.next(&mut bytes)))
}

#[derive(Debug, Default)]
struct PointReader {
    before: Previous,
    device: Option<DeviceId>,
}

impl PointReader {
    fn next(&mut self, bytes: &mut Bytes<'_>) -> Result<Point, Malformed> {
        let flags = bytes.u8()?;
        if flags & flag::FOLLOWS == 0 {
            *self = Self::default();
        }
        if flags & flag::DEVICE != 0 {
            self.device = Some(DeviceId::parse(bytes.text()?).map_err(|_| Malformed)?);
        }
        let device = self.device.clone().ok_or(Malformed)?;
        let received = self.before.received.wrapping_add(bytes.i64()?);
        let effective = Timestamp(received.wrapping_sub(bytes.i64()?));
        let seq = self.before.seq.wrapping_add(bytes.i64()? as u64);
        let degrees = |before: i32, by: i64| {
            i64::from(before).checked_add(by).and_then(|it| i32::try_from(it).ok()).ok_or(Malformed)
        };
        let latitude_e7 = degrees(self.before.latitude_e7, bytes.i64()?)?;
        let longitude_e7 = degrees(self.before.longitude_e7, bytes.i64()?)?;
        let mut values = [None; StoredFix::VALUES];
        for (bit, value) in values.iter_mut().enumerate() {
            if flags & (flag::VALUE << bit) != 0 {
                *value = Some(i32::try_from(bytes.i64()?).map_err(|_| Malformed)?);
            }
        }
        let unshown = match flags & flag::UNSHOWN {
            0 => None,
            _ => Some(Unshown::from_number(bytes.u8()?).ok_or(Malformed)?),
        };
        let fix = StoredFix::from_values((latitude_e7, longitude_e7), values).ok_or(Malformed)?;
        let version = Version { effective, device, seq };
        let point = Point { version, fix, received: Timestamp(received), unshown };
        self.before = Previous::new(&point);
        Ok(point)
    }
}
