//! Up to where points are stored, as told and as is certain.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use model::crash;
use parking_lot::Mutex;
use segment_log::{Disk, Error, FileFormat, header, segment};

use super::{Shared, crash_points};
use crate::log::uncertain_marks::UncertainMarks;
use crate::metrics;

/// What the file begins with; its number is the mark.
const FORMAT: FileFormat = FileFormat { magic: *b"WAhimark", version: 1 };
const NAME: &str = "mark";
const PART: &str = "mark.part";
/// The marks of a log. Whoever wants to know them doesn't wait for the disk.
#[derive(Debug)]
pub(super) struct Marks {
    told: AtomicU64,
    durable: AtomicU64,
    /// Locked while a mark becomes durable and segments are removed.
    waiting: Mutex<UncertainMarks>,
}

impl Marks {
    /// With the one that was read.
    pub(super) fn new(durable: u64) -> Self {
        let mark = || AtomicU64::new(durable);
        Self { told: mark(), durable: mark(), waiting: Mutex::default() }
    }

    /// All points before this are stored.
    pub(super) fn told(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    /// All points before this were stored a while ago; a start begins here.
    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }
}

impl Shared {
    /// See [`LogReader::rewind`](crate::LogReader::rewind).
    pub(super) fn rewind(&self) -> u64 {
        let mut waiting = self.marks.waiting.lock();
        waiting.clear();
        let durable = self.marks.durable();
        self.marks.told.store(durable, Ordering::Release);
        durable
    }

    /// See [`LogReader::forget`](crate::LogReader::forget).
    pub(super) fn forget(&self, mark: u64) -> Result<(), Error> {
        let mut waiting = self.marks.waiting.lock();
        let now = self.clock.now().monotonic;
        let end = *self.end.borrow();
        self.marks.told.fetch_max(mark.min(end), Ordering::AcqRel);
        let (told, durable) = (self.marks.told(), self.marks.durable());
        let certain = waiting.tell(told, durable, now, self.config.forget_after_ms);
        self.queue.look();
        if let Some(mark) = certain {
            save(&self.folder, mark, self.disk.as_ref())?;
            self.marks.durable.store(mark, Ordering::Release);
        }
        // What isn't certain may be taken back, and is to be seen then.
        self.recent.write().forget(self.marks.durable());
        let outdated = self.catalogue.read().outdated(self.marks.durable());
        for first in outdated {
            let path = segment(&self.folder, first);
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::not_writable(&path, error));
                }
                Err(_) | Ok(()) => {}
            }
            crash::point(crash_points::SEGMENT_REMOVED);
            let mut catalogue = self.catalogue.write();
            catalogue.remove(first);
            self.bytes.store(catalogue.bytes(), Ordering::Relaxed);
            ::metrics::gauge!(metrics::LOG_BYTES).set(catalogue.bytes() as f64);
        }
        Ok(())
    }
}

/// The mark in a folder; `None` if there is none, or none that is whole: then all is read again.
pub(super) fn load(folder: &Path) -> Result<Option<u64>, Error> {
    let path = folder.join(NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::unreadable(&path, error)),
    };
    let mark = bytes.get(12..20).and_then(|number| number.try_into().ok()).map(u64::from_le_bytes);
    let mark = mark.filter(|mark| bytes == header(FORMAT, *mark));
    if mark.is_none() {
        let path = path.display();
        tracing::error!(%path, "history's log doesn't know what is stored: all of it is stored again");
    }
    Ok(mark)
}

/// At return the mark survives a power cut.
fn save(folder: &Path, mark: u64, disk: &dyn Disk) -> Result<(), Error> {
    let (part, path) = (folder.join(PART), folder.join(NAME));
    let save = || {
        let mut file = disk.create(&part)?;
        file.write(&header(FORMAT, mark))?;
        crash::point(crash_points::MARK_WRITTEN);
        file.sync()?;
        crash::point(crash_points::MARK_SYNCED);
        disk.rename(&part, &path)?;
        crash::point(crash_points::MARK_RENAMED);
        disk.sync_folder(folder)?;
        crash::point(crash_points::MARK_KEPT);
        Ok(())
    };
    save().map_err(|error| Error::not_writable(&path, error))
}
