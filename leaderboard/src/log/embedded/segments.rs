//! The files of the folder, by their names.

use std::fs;
use std::path::{Path, PathBuf};

use segment_log::{Error, FileFormat, Settings};

use crate::log::codec;
use crate::log::embedded::crash_points::OF_SEGMENTS;
use crate::log::embedded::options::Options;

/// What a segment begins with.
pub(super) const FORMAT: FileFormat = FileFormat { magic: *b"WAlb log", version: codec::FORMAT };
/// What a snapshot begins with.
pub(super) const SNAPSHOT_FORMAT: FileFormat =
    FileFormat { magic: *b"WAlbsnap", version: codec::FORMAT };

/// The log as it is called in errors.
pub(super) const NAME: &str = "the log of leaderboards";

const SNAPSHOT: &str = "snapshot-";
const PART: &str = ".part";

/// How segments are written.
pub(super) fn settings(options: Options) -> Settings {
    let segment_bytes_max = options.segment_bytes_max;
    Settings { name: NAME, format: FORMAT, segment_bytes_max, crash_points: OF_SEGMENTS }
}

/// Looks at the files that a start would read, at what each begins with.
pub(super) fn check(folder: &Path) -> Result<(), Error> {
    if !segment_log::check_folder(folder)? {
        return Ok(());
    }
    let found = Found::look(folder)?;
    let newest = found.snapshots.last().copied().unwrap_or(0);
    if newest > 0 {
        segment_log::check_header(&snapshot(folder, newest), SNAPSHOT_FORMAT, newest)?;
    }
    let mut needed = found.segments.iter().filter(|first| !found.is_outdated(**first, newest));
    needed.try_for_each(|first| {
        segment_log::check_header(&segment_log::segment(folder, *first), FORMAT, *first)
    })
}

/// The snapshot of all up to this record.
pub(super) fn snapshot(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{SNAPSHOT}{number:020}"))
}

/// A snapshot that isn't whole yet.
pub(super) fn snapshot_part(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{SNAPSHOT}{number:020}{PART}"))
}

/// What is in a folder; files of other names are nothing of ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The first record of each segment, ascending.
    pub segments: Vec<u64>,
    /// The last record of each snapshot, ascending.
    pub snapshots: Vec<u64>,
    /// Snapshots that were never whole.
    pub parts: Vec<PathBuf>,
}

impl Found {
    /// Looks what is in a folder.
    pub(super) fn look(folder: &Path) -> Result<Self, Error> {
        let segments = segment_log::segments(folder)?;
        let snapshots = segment_log::numbered(folder, SNAPSHOT)?;
        let mut parts = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| Error::unreadable(folder, error))? {
            let entry = entry.map_err(|error| Error::unreadable(folder, error))?;
            let name = entry.file_name();
            let is_part = |name: &str| name.starts_with(SNAPSHOT) && name.ends_with(PART);
            if name.to_str().is_some_and(is_part) {
                parts.push(entry.path());
            }
        }
        Ok(Self { segments, snapshots, parts })
    }

    /// What isn't needed to know what comes after the snapshot of all up to `number`, oldest first.
    pub(super) fn outdated(&self, folder: &Path, number: u64) -> Vec<PathBuf> {
        let mut outdated = self.parts.clone();
        let snapshots = self.snapshots.iter().take_while(|it| **it < number);
        outdated.extend(snapshots.map(|it| snapshot(folder, *it)));
        let segments = self.segments.iter().filter(|first| self.is_outdated(**first, number));
        outdated.extend(segments.map(|first| segment_log::segment(folder, *first)));
        outdated
    }

    /// Whether all records of this segment are among those up to `number`.
    pub(super) fn is_outdated(&self, first: u64, number: u64) -> bool {
        segment_log::is_outdated(&self.segments, first, number)
    }
}
