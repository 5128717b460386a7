use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{ErrorChain, crash};

use crate::{Disk, DiskFile, Error, HEADER_BYTES, Settings, Stop, Tail, header, segment};

/// Appends to the newest segment of a log, of which only one writer may exist.
#[derive(Debug)]
pub struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    file: Box<dyn DiskFile>,
    /// Up to where the file has whole frames.
    bytes: u64,
    /// The first record of the segment.
    segment: u64,
    next: u64,
    settings: Settings,
    stop: Stop,
}

impl Writer {
    /// Goes on behind the last frame. What follows that in the file was never acknowledged, and is cut off. Without a
    /// tail the first segment is made, for the record `next`.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        tail: Result<Tail, u64>,
        settings: Settings,
        stop: Stop,
    ) -> Result<Self, Error> {
        let start = |next| {
            let file = create(disk.as_ref(), folder, settings, next);
            let file = file.map_err(|(Failed::Write(error) | Failed::Sync(error))| {
                Error::not_writable(&segment(folder, next), error)
            });
            Ok::<_, Error>((file?, HEADER_BYTES as u64))
        };
        let ((file, bytes), segment, next) = match tail {
            Ok(Tail { path, first, bytes, next, is_older }) => {
                let open = || {
                    let mut file = disk.append(&path)?;
                    // This also makes durable what an earlier process may have written without being told that it is.
                    file.cut(bytes)?;
                    crash::point(settings.crash_points.tail_cut);
                    Ok(file)
                };
                let file = open().map_err(|error| Error::not_writable(&path, error))?;
                if is_older { (start(next)?, next, next) } else { ((file, bytes), first, next) }
            }
            Err(next) => (start(next)?, next, next),
        };
        let folder = folder.to_owned();
        Ok(Self { disk, folder, file, bytes, segment, next, settings, stop })
    }

    /// The number of the next record.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The first record of the newest segment.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// The bytes of the newest segment.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes frames of this many records together; at return they survive a power cut. At an error they aren't part of
    /// the log, as long as the process runs.
    pub fn write(&mut self, frames: &[u8], records: u64) -> Result<(), Error> {
        self.stop.check()?;
        if self.bytes >= self.settings.segment_bytes_max {
            self.start_segment()?;
        }
        if let Err(error) = self.file.write(frames) {
            return match self.file.cut(self.bytes) {
                Ok(()) => Err(self.not_written(error)),
                Err(cut) => {
                    let why = format!("a write to {} failed ({error}), and so", self.settings.name);
                    Err(self.stop.stop(format_args!("{why} did cutting it off ({cut})")))
                }
            };
        }
        crash::point(self.settings.crash_points.written);
        if let Err(error) = self.file.sync() {
            // So that the next process doesn't find in the cache what isn't on disk. It may fail as well.
            let _ = self.file.cut(self.bytes);
            return Err(self.stop_unsynced(&error));
        }
        crash::point(self.settings.crash_points.synced);
        self.bytes += frames.len() as u64;
        self.next += records;
        Ok(())
    }

    /// Begins a segment, with the next record, if there is anything in the present one. At an error that one goes on.
    pub fn start_segment(&mut self) -> Result<(), Error> {
        self.stop.check()?;
        if self.bytes == HEADER_BYTES as u64 {
            return Ok(());
        }
        match create(self.disk.as_ref(), &self.folder, self.settings, self.next) {
            Ok(file) => {
                self.file = file;
                self.segment = self.next;
                self.bytes = HEADER_BYTES as u64;
                Ok(())
            }
            Err(Failed::Write(error)) => {
                let path = segment(&self.folder, self.next);
                match self.disk.remove(&path) {
                    // Left there it would say that the record comes next which is the next now.
                    Err(removal) if removal.kind() != io::ErrorKind::NotFound => {
                        let what = "could neither be written nor removed";
                        let path = path.display();
                        Err(self.stop.stop(format_args!("{path} {what} ({removal})")))
                    }
                    Err(_) | Ok(()) => Err(self.not_written(error)),
                }
            }
            Err(Failed::Sync(error)) => Err(self.stop_unsynced(&error)),
        }
    }

    /// That something wasn't written, for now.
    fn not_written(&self, error: io::Error) -> Error {
        let error = Error::not_written(self.settings.name, error);
        tracing::error!(error = %ErrorChain(&error), "nothing is written to {}", self.settings.name);
        error
    }

    /// What a sync failed to write may be taken for written from now on: asking again would say nothing.
    fn stop_unsynced(&self, error: &io::Error) -> Error {
        self.stop.stop(format_args!("{} couldn't be made durable ({error})", self.settings.name))
    }
}

/// What of making a segment failed.
enum Failed {
    Write(io::Error),
    Sync(io::Error),
}

/// Makes a segment for this record and those behind it; at return it survives a power cut.
fn create(
    disk: &dyn Disk,
    folder: &Path,
    settings: Settings,
    first: u64,
) -> Result<Box<dyn DiskFile>, Failed> {
    let points = settings.crash_points;
    let mut file = disk.create(&segment(folder, first)).map_err(Failed::Write)?;
    crash::point(points.segment_made);
    file.write(&header(settings.format, first)).map_err(Failed::Write)?;
    file.sync().map_err(Failed::Sync)?;
    crash::point(points.segment_synced);
    disk.sync_folder(folder).map_err(Failed::Sync)?;
    crash::point(points.segment_started);
    Ok(file)
}
