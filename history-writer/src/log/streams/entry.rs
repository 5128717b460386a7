//! Points as an entry of a stream.
//!
//! ```text
//! version u8, CRC-32 of the rest u32, what `packed.rs` writes
//! ```

use segment_log::{Bytes, Malformed};

use crate::log::codec::next_run;
use crate::log::packed::{Summary, pack, unpack};
use crate::log::recent_points::RecentPoints;
use crate::{LogPosition, Logged, Point, TimeRange};

/// How entries are written.
const VERSION: u8 = 1;
/// How many positions lie in a part of what is remembered by user.
const PART_POINTS: u64 = 1 << 16;

/// Writes runs as an entry.
pub(super) fn encode(summary: Summary, runs: &[u8]) -> Vec<u8> {
    let mut entry = vec![VERSION, 0, 0, 0, 0];
    pack(&mut entry, summary, runs);
    let crc = crc32fast::hash(&entry[5..]);
    entry[1..5].copy_from_slice(&crc.to_le_bytes());
    entry
}

/// An entry as it is read.
pub(super) struct Decoded {
    pub(super) summary: Summary,
    pub(super) points: Vec<Logged>,
}

/// Reads an entry whose first point has this position; `recent` gets its points too.
pub(super) fn decode(
    entry: &[u8],
    first: u64,
    recent: Option<&mut RecentPoints>,
) -> Result<Decoded, Malformed> {
    let mut bytes = Bytes(entry);
    if bytes.u8()? != VERSION {
        return Err(Malformed);
    }
    let crc = u32::from_le_bytes(bytes.array()?);
    if crc32fast::hash(bytes.0) != crc {
        return Err(Malformed);
    }
    let (summary, runs) = unpack(bytes.0)?;
    let mut bytes = Bytes(&runs);
    let mut points = bytes.room(summary.points.into(), 1);
    let mut known = Vec::new();
    while let Some(run) = next_run(&mut bytes)? {
        let position = first + points.len() as u64;
        let times = TimeRange::around(run.points.iter().map(Point::effective));
        known.push((position, run.user.clone(), run.points.len() as u32, times, run.rows));
        for point in run.points {
            let position = LogPosition(first + points.len() as u64);
            points.push(Logged { position, user: run.user.clone(), point });
        }
    }
    if points.len() != summary.points as usize {
        return Err(Malformed);
    }
    if let Some(recent) = recent {
        for (position, user, points, times, rows) in known {
            recent.add(first / PART_POINTS, position, &user, points, times, rows);
        }
    }
    Ok(Decoded { summary, points })
}
