//! Appends to the newest segment.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use model::{ErrorChain, crash};
use sql::StoreError;

use crate::log::embedded::crash_points;
use crate::log::embedded::disk::{Disk, DiskFile};
use crate::log::embedded::frame::{HEADER_BYTES, header};
use crate::log::embedded::segments::{MAGIC, segment};

/// The newest segment, of which only one writer may exist.
#[derive(Debug)]
pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    file: Box<dyn DiskFile>,
    /// Up to where the file has whole frames.
    bytes: u64,
    bytes_max: u64,
    next: u64,
    /// Why nothing can be written before the process starts again.
    stopped: Arc<OnceLock<String>>,
}

/// Where a segment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// The segment.
    pub path: PathBuf,
    /// How many bytes of it are whole frames, and its header.
    pub bytes: u64,
    /// The number of the next record.
    pub next: u64,
    /// Whether the segment is of an older format: then it goes on in another one.
    pub is_older: bool,
}

impl Writer {
    /// Goes on behind the last frame. What follows that in the file was never acknowledged, and is cut off. Without a
    /// tail the first segment is made, for the record `next`.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        tail: Result<Tail, u64>,
        bytes_max: u64,
        stopped: Arc<OnceLock<String>>,
    ) -> Result<Self, StoreError> {
        let start = |next| {
            let file = create(disk.as_ref(), folder, next);
            let file = file.map_err(|(Failed::Write(error) | Failed::Sync(error))| {
                not_writable(&segment(folder, next), error)
            });
            Ok::<_, StoreError>((file?, HEADER_BYTES as u64))
        };
        let ((file, bytes), next) = match tail {
            Ok(Tail { path, bytes, next, is_older }) => {
                let open = || {
                    let mut file = disk.append(&path)?;
                    // This also makes durable what an earlier process may have written without being told that it is.
                    file.cut(bytes)?;
                    crash::point(crash_points::TAIL_CUT);
                    Ok(file)
                };
                let file = open().map_err(|error| not_writable(&path, error))?;
                (if is_older { start(next)? } else { (file, bytes) }, next)
            }
            Err(next) => (start(next)?, next),
        };
        let folder = folder.to_owned();
        Ok(Self { disk, folder, file, bytes, bytes_max, next, stopped })
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Errs if nothing can be written any more.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.stopped.get() {
            Some(why) => Err(StoreError::unavailable(why.as_str())),
            None => Ok(()),
        }
    }

    /// Writes a frame of this many records; at return it survives a power cut. At an error it isn't part of the log, as
    /// long as the process runs.
    pub(super) fn write(&mut self, frame: &[u8], records: u64) -> Result<(), StoreError> {
        self.check()?;
        if self.bytes >= self.bytes_max {
            self.start_segment()?;
        }
        if let Err(error) = self.file.write(frame) {
            return match self.file.cut(self.bytes) {
                Ok(()) => Err(not_written(error)),
                Err(cut) => {
                    let why =
                        format!("a write to the log of leaderboards failed ({error}), and so");
                    Err(stop(&self.stopped, format_args!("{why} did cutting it off ({cut})")))
                }
            };
        }
        crash::point(crash_points::WRITTEN);
        if let Err(error) = self.file.sync() {
            // So that the next process doesn't find in the cache what isn't on disk. It may fail as well.
            let _ = self.file.cut(self.bytes);
            return Err(self.stop_unsynced(&error));
        }
        crash::point(crash_points::SYNCED);
        self.bytes += frame.len() as u64;
        self.next += records;
        Ok(())
    }

    /// Begins a segment, with the next record, if there is anything in the present one. At an error that one goes on.
    pub(super) fn start_segment(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if self.bytes == HEADER_BYTES as u64 {
            return Ok(());
        }
        match create(self.disk.as_ref(), &self.folder, self.next) {
            Ok(file) => {
                self.file = file;
                self.bytes = HEADER_BYTES as u64;
                Ok(())
            }
            Err(Failed::Write(error)) => {
                let path = segment(&self.folder, self.next);
                match self.disk.remove(&path) {
                    // Left there it would say that the record comes next which is the next now.
                    Err(removal) if removal.kind() != io::ErrorKind::NotFound => {
                        let what = "could neither be written nor removed";
                        Err(stop(
                            &self.stopped,
                            format_args!("{} {what} ({removal})", path.display()),
                        ))
                    }
                    Err(_) | Ok(()) => Err(not_written(error)),
                }
            }
            Err(Failed::Sync(error)) => Err(self.stop_unsynced(&error)),
        }
    }

    /// What a sync failed to write may be taken for written from now on: asking again would say nothing.
    fn stop_unsynced(&self, error: &io::Error) -> StoreError {
        let what = "the log of leaderboards couldn't be made durable";
        stop(&self.stopped, format_args!("{what} ({error})"))
    }
}

/// Nothing more is written until the process starts again.
pub(super) fn stop(stopped: &OnceLock<String>, why: impl fmt::Display) -> StoreError {
    let why = stopped.get_or_init(|| {
        let why = format!("{why}; restart the server once that is mended");
        tracing::error!("leaderboards can't be changed any more: {why}");
        why
    });
    StoreError::unavailable(why.as_str())
}

/// What of making a segment failed.
enum Failed {
    Write(io::Error),
    Sync(io::Error),
}

/// Makes a segment for this record and those behind it; at return it survives a power cut.
fn create(disk: &dyn Disk, folder: &Path, first: u64) -> Result<Box<dyn DiskFile>, Failed> {
    let mut file = disk.create(&segment(folder, first)).map_err(Failed::Write)?;
    crash::point(crash_points::SEGMENT_MADE);
    file.write(&header(MAGIC, first)).map_err(Failed::Write)?;
    file.sync().map_err(Failed::Sync)?;
    crash::point(crash_points::SEGMENT_SYNCED);
    disk.sync_folder(folder).map_err(Failed::Sync)?;
    crash::point(crash_points::SEGMENT_STARTED);
    Ok(file)
}

/// That something wasn't written, for now.
pub(super) fn not_written(error: io::Error) -> StoreError {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
        _ => "the log of leaderboards can't be written to",
    };
    tracing::error!(error = %ErrorChain(&error), "{what}");
    StoreError::unavailable(what).caused_by(error)
}

/// That a log can't be opened to write.
pub(super) fn not_writable(path: &Path, error: io::Error) -> StoreError {
    StoreError::unusable(format!("{} can't be written to", path.display())).caused_by(error)
}
