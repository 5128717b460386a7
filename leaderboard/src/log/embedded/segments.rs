//! The files of the folder, by their names.

use std::fs;
use std::path::{Path, PathBuf};

use sql::StoreError;

use crate::log::embedded::frame::{Magic, unreadable};

/// What a segment begins with.
pub(super) const MAGIC: Magic = *b"WAlb log";

const SEGMENT: &str = "log-";
const SNAPSHOT: &str = "snapshot-";
const PART: &str = ".part";

/// The segment that begins with this record.
pub(super) fn segment(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{SEGMENT}{first:020}"))
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
    pub(super) fn look(folder: &Path) -> Result<Self, StoreError> {
        let mut found = Self::default();
        for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let entry = entry.map_err(|error| unreadable(folder, error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(first) = number(name, SEGMENT) {
                found.segments.push(first);
            } else if let Some(last) = number(name, SNAPSHOT) {
                found.snapshots.push(last);
            } else if name.starts_with(SNAPSHOT) && name.ends_with(PART) {
                found.parts.push(entry.path());
            }
        }
        found.segments.sort_unstable();
        found.snapshots.sort_unstable();
        Ok(found)
    }

    /// What isn't needed to know what comes after the snapshot of all up to `number`, oldest first.
    pub(super) fn outdated(&self, folder: &Path, number: u64) -> Vec<PathBuf> {
        let mut outdated = self.parts.clone();
        let snapshots = self.snapshots.iter().take_while(|it| **it < number);
        outdated.extend(snapshots.map(|it| snapshot(folder, *it)));
        let segments = self.segments.iter().filter(|first| self.is_outdated(**first, number));
        outdated.extend(segments.map(|first| segment(folder, *first)));
        outdated
    }

    /// Whether all records of this segment are among those up to `number`: it ends where the next begins.
    pub(super) fn is_outdated(&self, first: u64, number: u64) -> bool {
        let next = self.segments.iter().find(|it| **it > first);
        next.is_some_and(|next| *next - 1 <= number)
    }
}

fn number(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}
