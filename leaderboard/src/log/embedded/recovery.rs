//! Finds out at the start what the log says.

use std::path::Path;

use segment_log::{Error, Tail};
use sql::StoreError;

use crate::core::memory::Memory;
use crate::core::record::Record;
use crate::log::codec::{Bytes, Decoder};
use crate::log::embedded::error::store_error;
use crate::log::embedded::options::Appended;
use crate::log::embedded::remembered::RememberedEvents;
use crate::log::embedded::segments::{self, FORMAT, Found};
use crate::log::embedded::snapshot;

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
    mut remembered: RememberedEvents,
) -> Result<Recovered, StoreError> {
    let mut memory = Memory::recovering();
    let snapshot = found.snapshots.last().copied().unwrap_or(0);
    let mut end = 0;
    if snapshot > 0 {
        let path = segments::snapshot(folder, snapshot);
        end = snapshot::load(&path, snapshot, &mut memory, &mut remembered)?;
    }
    let needed = |first: &&u64| !found.is_outdated(**first, snapshot);
    let segments: Vec<u64> = found.segments.iter().filter(needed).copied().collect();
    let mut has_erased = false;
    let take = |content: &[u8]| {
        let mut decoder = Decoder::new(Bytes(content));
        let mut records = 0;
        while let Some(record) = decoder.record().ok()? {
            memory.take(&record);
            has_erased |= matches!(record, Record::Erased(_));
            if let Some(event) = record.event() {
                remembered.take(event);
            }
            records += 1;
        }
        Some(records)
    };
    let read = segment_log::recover(folder, FORMAT, &segments, snapshot + 1, take);
    let segment_log::Recovered { tail, next, bytes } = read.map_err(store_error)?;
    // Without any file the log is new.
    if next <= end || (snapshot > 0 && segments.is_empty()) {
        let (folder, from) = (folder.to_owned(), next);
        return Err(store_error(Error::Missing { folder, from, to: end.max(from) }));
    }
    let since_snapshot = Appended { bytes, records: next - 1 - snapshot };
    let memory = memory.recovered();
    Ok(Recovered { memory, remembered, tail, snapshot, since_snapshot, has_erased })
}
