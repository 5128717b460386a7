//! Finds out at the start what a log says.

use std::path::{Path, PathBuf};

use crate::{Error, FileFormat, FrameReader, Next, segment, whole_frame_behind};

/// The numbers that are looked for behind what isn't whole. More could be the bytes of texts, for which the sum would be
/// worked out in vain.
const NUMBERS: u64 = 1 << 32;

/// What of a log was read.
#[derive(Debug)]
pub struct Recovered {
    /// Where it goes on; else which record its next segment begins with.
    pub tail: Result<Tail, u64>,
    /// The number of the next record.
    pub next: u64,
    /// The bytes of the segments that were read.
    pub bytes: u64,
}

/// Where a segment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The segment.
    pub path: PathBuf,
    /// Its first record.
    pub first: u64,
    /// How many bytes of it are whole frames, and its header.
    pub bytes: u64,
    /// The number of the next record.
    pub next: u64,
    /// Whether the segment is of an older format: then it goes on in another one.
    pub is_older: bool,
}

/// Reads these segments of a folder, ascending, which begin with the record `next`. `take` is given the content of each
/// frame in their order, and answers with how many records are in it, or `None` if they aren't what the log writes.
pub fn recover(
    folder: &Path,
    format: FileFormat,
    segments: &[u64],
    next: u64,
    take: impl FnMut(&[u8]) -> Option<u64>,
) -> Result<Recovered, Error> {
    let mut recovery = Recovery { format, next, bytes: 0, take };
    let mut tail = Err(next);
    for (at, &first) in segments.iter().enumerate() {
        if first != recovery.next {
            let (folder, from) = (folder.to_owned(), recovery.next);
            return Err(Error::Missing { folder, from, to: first.saturating_sub(1).max(from) });
        }
        let path = segment(folder, first);
        tail = recovery.segment(path, first, at + 1 == segments.len())?;
    }
    Ok(Recovered { tail, next: recovery.next, bytes: recovery.bytes })
}

struct Recovery<F> {
    format: FileFormat,
    /// The number of the next record.
    next: u64,
    /// The bytes of all segments.
    bytes: u64,
    take: F,
}

impl<F: FnMut(&[u8]) -> Option<u64>> Recovery<F> {
    /// Takes what a segment says. Only the last one can end in something that isn't whole.
    fn segment(
        &mut self,
        path: PathBuf,
        first: u64,
        is_last: bool,
    ) -> Result<Result<Tail, u64>, Error> {
        let Some(mut reader) = FrameReader::open(&path, self.format, first)? else {
            // Nothing was in it yet.
            return if is_last { Ok(Err(first)) } else { Err(Error::damaged(&path, 0)) };
        };
        loop {
            let at = reader.at();
            match reader.next_frame().map_err(|error| Error::unreadable(&path, error))? {
                Next::Frame { number, content } if number == self.next => {
                    let records = (self.take)(content).filter(|records| *records > 0);
                    self.next += records.ok_or_else(|| Error::damaged(&path, at))?;
                }
                Next::End => break,
                Next::Broken if is_last => {
                    self.check_torn(&path, at)?;
                    break;
                }
                Next::Frame { .. } | Next::Broken => return Err(Error::damaged(&path, at)),
            }
        }
        let bytes = reader.at();
        self.bytes += bytes;
        Ok(Ok(Tail { path, first, bytes, next: self.next, is_older: reader.is_older() }))
    }

    /// What isn't whole at the end of the log was being written when the process ended: nobody was told that it is kept.
    /// Unless whole frames follow, or it is too long: then it is damage, and must not be taken for the end.
    fn check_torn(&self, path: &Path, at: u64) -> Result<(), Error> {
        let numbers = self.next..self.next.saturating_add(NUMBERS);
        if whole_frame_behind(path, at, u64::MAX, &numbers)?.is_some() {
            return Err(Error::damaged(path, at));
        }
        let path = path.display();
        tracing::warn!(%path, at, "the log ends within a write that nobody was told of; it is cut off");
        Ok(())
    }
}
