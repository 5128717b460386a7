//! Finds out at the start what the log says.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use segment_log::{Error, Tail};
use sql::StoreError;

use crate::core::memory::Memory;
use crate::core::record::{EventRecord, Record};
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

/// How many events wait to be remembered at most: batches, and events in each.
const BATCHES_MAX: usize = 16;
const BATCH_EVENTS: usize = 1_024;

/// Reads the newest snapshot and all segments behind it.
///
/// Who has what and which keys are known are two halves of the work, which have nothing to do with each other: another thread
/// remembers keys.
pub(super) fn recover(
    folder: &Path,
    found: &Found,
    mut remembered: RememberedEvents,
) -> Result<Recovered, StoreError> {
    let snapshot = found.snapshots.last().copied().unwrap_or(0);
    let path = (snapshot > 0).then(|| segments::snapshot(folder, snapshot));
    let (events, batches) = mpsc::sync_channel::<Vec<EventRecord>>(BATCHES_MAX);
    thread::scope(|scope| {
        let remembering = scope.spawn(|| {
            if let Some(path) = &path {
                snapshot::load_remembered(path, snapshot, &mut remembered)?;
            }
            batches.into_iter().flatten().for_each(|event| remembered.take(&event));
            Ok(remembered)
        });
        let mut batch = Vec::with_capacity(BATCH_EVENTS);
        let mut remember = |event: Option<EventRecord>| {
            let is_last = event.is_none();
            batch.extend(event);
            if is_last || batch.len() == BATCH_EVENTS {
                // Nobody takes it once the other thread has found what ends the recovery.
                let _ =
                    events.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_EVENTS)));
            }
        };
        let read = read(folder, found, path.as_deref(), &mut remember);
        remember(None);
        drop(events);
        let remembered = remembering.join().unwrap_or_else(|panic| resume_unwind(panic));
        let (read, remembered) = (read?, remembered?);
        let Read { memory, tail, since_snapshot, has_erased } = read;
        Ok(Recovered { memory, remembered, tail, snapshot, since_snapshot, has_erased })
    })
}

/// What a log says but for the keys.
struct Read {
    memory: Memory,
    tail: Result<Tail, u64>,
    since_snapshot: Appended,
    has_erased: bool,
}

fn read(
    folder: &Path,
    found: &Found,
    path: Option<&Path>,
    remember: &mut impl FnMut(Option<EventRecord>),
) -> Result<Read, StoreError> {
    let mut memory = Memory::recovering();
    let snapshot = found.snapshots.last().copied().unwrap_or(0);
    let end = path.map(|path| snapshot::load(path, snapshot, &mut memory)).transpose()?;
    let needed = |first: &&u64| !found.is_outdated(**first, snapshot);
    let segments: Vec<u64> = found.segments.iter().filter(needed).copied().collect();
    let mut has_erased = false;
    let take = |content: &[u8]| {
        let mut decoder = Decoder::new(Bytes(content));
        let mut records = 0;
        while let Some(record) = decoder.record().ok()? {
            memory.take(&record);
            has_erased |= matches!(record, Record::Erased(_));
            if let Record::Event(event) = record {
                remember(Some(event));
            }
            records += 1;
        }
        Some(records)
    };
    let read = segment_log::recover(folder, FORMAT, &segments, snapshot + 1, take);
    let segment_log::Recovered { tail, next, bytes } = read.map_err(store_error)?;
    // Without any file the log is new.
    let end = end.unwrap_or(0);
    if next <= end || (snapshot > 0 && segments.is_empty()) {
        let (folder, from) = (folder.to_owned(), next);
        return Err(store_error(Error::Missing { folder, from, to: end.max(from) }));
    }
    let since_snapshot = Appended { bytes, records: next - 1 - snapshot };
    Ok(Read { memory: memory.recovered(), tail, since_snapshot, has_erased })
}
