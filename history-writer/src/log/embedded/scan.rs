//! Reads the frames of a segment, and passes over what is damaged.

use std::ops::{ControlFlow, Range};
use std::path::Path;

use segment_log::{Error, FrameReader, Malformed, Next, whole_frame_behind};

use super::writing::WrittenFrame;
use crate::log::packed::{Summary, unpack};

/// The bytes of a frame beside what is packed in it.
const FRAME_HEAD_BYTES: u64 = 16;

/// What came of reading a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Where the last whole frame ends, bytes.
    pub end: u64,
    /// Whether there is something behind it that isn't whole.
    pub is_torn: bool,
    /// Whether something before it was damaged.
    pub is_damaged: bool,
}

/// Reads the frames between two bytes of a segment whose points have positions in a range. What isn't whole is passed over
/// if a whole frame follows; so are frames that aren't in their order or that aren't what we write. `visit` is given each
/// frame and its runs, and says whether to go on.
pub(super) fn scan(
    path: &Path,
    bytes: Range<u64>,
    mut positions: Range<u64>,
    mut visit: impl FnMut(WrittenFrame, &[u8]) -> Result<ControlFlow<()>, Malformed>,
) -> Result<Scanned, Error> {
    let mut reader = FrameReader::between(path, bytes.start, bytes.end)?;
    let mut scanned = Scanned { end: bytes.start, is_torn: false, is_damaged: false };
    loop {
        let at = reader.at();
        let next = reader.next_frame().map_err(|error| Error::unreadable(path, error))?;
        match next {
            Next::End => return Ok(scanned),
            Next::Frame { number, content } => {
                let end = at + FRAME_HEAD_BYTES + content.len() as u64;
                let visited = match unpack(content) {
                    Ok((summary, runs)) if fits(number, summary, &positions) => {
                        let next = number + u64::from(summary.points);
                        visit(WrittenFrame { first: number, summary, at, end }, &runs)
                            .inspect(|_| positions.start = next)
                    }
                    Ok(_) => Err(Malformed),
                    Err(error) => Err(error),
                };
                match visited {
                    Ok(flow) => {
                        scanned.end = end;
                        if flow.is_break() {
                            return Ok(scanned);
                        }
                    }
                    Err(Malformed) => scanned.is_damaged = true,
                }
            }
            Next::Broken => match whole_frame_behind(path, at + 1, bytes.end, &positions)? {
                Some(at) => {
                    scanned.is_damaged = true;
                    reader = FrameReader::between(path, at, bytes.end)?;
                }
                None => return Ok(Scanned { is_torn: true, ..scanned }),
            },
        }
    }
}

fn fits(number: u64, summary: Summary, positions: &Range<u64>) -> bool {
    let next = number.checked_add(summary.points.into());
    summary.points > 0 && number >= positions.start && next.is_some_and(|it| it <= positions.end)
}
