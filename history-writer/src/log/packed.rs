//! What goes into a log at once: runs of points with what there is to know of all of them.
//!
//! ```text
//! lowest and highest time of receipt i64, how many points u32, how packed u8, how many bytes the runs have u32, the runs
//! ```
//! All numbers little-endian.

use std::borrow::Cow;

use segment_log::{Bytes, Malformed};

/// As they are.
const PLAIN: u8 = 0;
/// By LZ4, without its own frames.
const LZ4: u8 = 1;
/// The most bytes that runs may have before they are packed: asked for by what is read, so it is bounded.
pub(super) const RUNS_BYTES_MAX: usize = 1 << 20;
/// Fewer bytes are left as they are: there is nothing in them to be found twice.
const COMPRESSED_BYTES_MIN: usize = 512;

/// What there is to know of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    /// The lowest time of receipt, Unix milliseconds.
    pub lowest: i64,
    /// The highest.
    pub highest: i64,
    /// How many there are.
    pub points: u32,
}

impl Summary {
    /// Of these points and others together.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
            points: self.points + other.points,
        }
    }
}

/// Writes runs behind what is there.
pub(super) fn pack(out: &mut Vec<u8>, summary: Summary, runs: &[u8]) {
    debug_assert!(runs.len() <= RUNS_BYTES_MAX);
    out.extend_from_slice(&summary.lowest.to_le_bytes());
    out.extend_from_slice(&summary.highest.to_le_bytes());
    out.extend_from_slice(&summary.points.to_le_bytes());
    let packing = out.len();
    out.push(PLAIN);
    out.extend_from_slice(&(runs.len() as u32).to_le_bytes());
    let start = out.len();
    if runs.len() >= COMPRESSED_BYTES_MIN {
        out.resize(start + lz4_flex::block::get_maximum_output_size(runs.len()), 0);
        // It fails only where there is too little room.
        let packed = lz4_flex::block::compress_into(runs, &mut out[start..]).unwrap_or(runs.len());
        // Reading takes longer then: it must be worth it.
        if packed < runs.len() - runs.len() / 8 {
            out.truncate(start + packed);
            out[packing] = LZ4;
            return;
        }
        out.truncate(start);
    }
    out.extend_from_slice(runs);
}

/// What [`pack`] wrote: the summary, and the runs.
pub(super) fn unpack(content: &[u8]) -> Result<(Summary, Cow<'_, [u8]>), Malformed> {
    let mut bytes = Bytes(content);
    let summary = Summary {
        lowest: i64::from_le_bytes(bytes.array()?),
        highest: i64::from_le_bytes(bytes.array()?),
        points: u32::from_le_bytes(bytes.array()?),
    };
    let packing = bytes.u8()?;
    let length = u32::from_le_bytes(bytes.array()?) as usize;
    if length > RUNS_BYTES_MAX {
        return Err(Malformed);
    }
    let runs = match packing {
        PLAIN => Cow::Borrowed(bytes.0),
        LZ4 => Cow::Owned(lz4_flex::block::decompress(bytes.0, length).map_err(|_| Malformed)?),
        _ => return Err(Malformed),
    };
    if runs.len() == length { Ok((summary, runs)) } else { Err(Malformed) }
}
