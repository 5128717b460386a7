//! Finds out at the start what the log says.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sql::StoreError;

use crate::core::memory::Memory;
use crate::core::record::Record;
use crate::log::codec::{Bytes, Decoder};
use crate::log::embedded::frame::{
    FrameReader, Next, PAYLOAD_BYTES_MAX, damaged, has_frame, unreadable,
};
use crate::log::embedded::options::Appended;
use crate::log::embedded::remembered::RememberedEvents;
use crate::log::embedded::segments::{self, Found, MAGIC};
use crate::log::embedded::snapshot;
use crate::log::embedded::writer::Tail;

/// The numbers that are looked for behind what isn't whole. More could be the bytes of texts, for which the sum would be
/// worked out in vain.
const NUMBERS: u64 = 1 << 32;

/// What a log says.
#[derive(Debug)]
pub(super) struct Recovered {
    pub memory: Memory,
    pub remembered: RememberedEvents,
    /// Where it goes on; else which record its next segment begins with.
    pub tail: Result<Tail, u64>,
    /// The last record of the snapshot that was read; 0 without one.
    pub snapshot: u64,
    /// What came since.
    pub since_snapshot: Appended,
    /// Whether somebody was erased since.
    pub has_erased: bool,
}

/// Reads the newest snapshot and all segments behind it.
pub(super) fn recover(
    folder: &Path,
    found: &Found,
    remembered: RememberedEvents,
) -> Result<Recovered, StoreError> {
    let memory = Memory::recovering();
    let mut recovery = Recovery { memory, remembered, next: 1, bytes: 0, has_erased: false };
    let snapshot = found.snapshots.last().copied().unwrap_or(0);
    let mut end = 0;
    if snapshot > 0 {
        let path = segments::snapshot(folder, snapshot);
        let Recovery { memory, remembered, .. } = &mut recovery;
        end = snapshot::load(&path, snapshot, memory, remembered)?;
        recovery.next = snapshot + 1;
    }
    let needed = |first: &&u64| !found.is_outdated(**first, snapshot);
    let segments: Vec<u64> = found.segments.iter().filter(needed).copied().collect();
    let mut tail = Err(1);
    for (at, &first) in segments.iter().enumerate() {
        if first != recovery.next {
            return Err(gap(folder, recovery.next, first.saturating_sub(1).max(recovery.next)));
        }
        let path = segments::segment(folder, first);
        tail = recovery.segment(path, first, at + 1 == segments.len())?;
    }
    // Without any file the log is new.
    if recovery.next <= end || (snapshot > 0 && segments.is_empty()) {
        return Err(gap(folder, recovery.next, end.max(recovery.next)));
    }
    let Recovery { memory, remembered, next, bytes, has_erased } = recovery;
    let since_snapshot = Appended { bytes, records: next - 1 - snapshot };
    let memory = memory.recovered();
    Ok(Recovered { memory, remembered, tail, snapshot, since_snapshot, has_erased })
}

struct Recovery {
    memory: Memory,
    remembered: RememberedEvents,
    /// The number of the next record.
    next: u64,
    /// The bytes of all segments.
    bytes: u64,
    /// Whether somebody was erased in them.
    has_erased: bool,
}

impl Recovery {
    /// Takes what a segment says. Only the last one can end in something that isn't whole.
    fn segment(
        &mut self,
        path: PathBuf,
        first: u64,
        is_last: bool,
    ) -> Result<Result<Tail, u64>, StoreError> {
        let Some(mut reader) = FrameReader::open(&path, MAGIC, first)? else {
            // Nothing was in it yet.
            return if is_last { Ok(Err(first)) } else { Err(damaged(&path, 0)) };
        };
        loop {
            let at = reader.at();
            match reader.next().map_err(|error| unreadable(&path, error))? {
                Next::Frame { number, content } if number == self.next => {
                    self.frame(content).ok_or_else(|| damaged(&path, at))?;
                }
                Next::End => break,
                Next::Broken if is_last => {
                    self.check_torn(&path, at)?;
                    break;
                }
                Next::Frame { .. } | Next::Broken => return Err(damaged(&path, at)),
            }
        }
        let bytes = reader.at();
        self.bytes += bytes;
        Ok(Ok(Tail { path, bytes, next: self.next, is_older: reader.is_older() }))
    }

    /// Takes the records of a frame; `None` if they aren't what we write.
    fn frame(&mut self, content: &[u8]) -> Option<()> {
        let mut decoder = Decoder::new(Bytes(content));
        let first = self.next;
        while let Some(record) = decoder.record().ok()? {
            self.memory.take(&record);
            self.has_erased |= matches!(record, Record::Erased(_));
            if let Some(event) = record.event() {
                self.remembered.take(event);
            }
            self.next += 1;
        }
        (self.next > first).then_some(())
    }

    /// What isn't whole at the end of the log was being written when the process ended: nobody was told that it is kept.
    /// Unless whole frames follow, or it is too long: then it is damage, and must not be taken for the end.
    fn check_torn(&self, path: &Path, at: u64) -> Result<(), StoreError> {
        let read = || {
            let bytes = fs::metadata(path)?.len() - at;
            if bytes > PAYLOAD_BYTES_MAX as u64 {
                return Ok(None);
            }
            let mut torn = Vec::with_capacity(bytes as usize);
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(at))?;
            file.read_to_end(&mut torn)?;
            Ok(Some(torn))
        };
        let torn = read().map_err(|error| unreadable(path, error))?;
        let Some(torn) =
            torn.filter(|torn| !has_frame(torn, self.next..self.next.saturating_add(NUMBERS)))
        else {
            return Err(damaged(path, at));
        };
        let (path, bytes) = (path.display(), torn.len());
        tracing::warn!(%path, at, bytes, "the log ends within a write that nobody was told of; it is cut off");
        Ok(())
    }
}

fn gap(folder: &Path, from: u64, to: u64) -> StoreError {
    let folder = folder.display();
    StoreError::unusable(format!(
        "the log in {folder} has no records {from} to {to}: restore the data folder from a backup"
    ))
}
