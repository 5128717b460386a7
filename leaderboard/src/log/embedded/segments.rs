//! The files of the folder, by their names.

use std::fs;
use std::path::Path;

use sql::StoreError;

use crate::log::embedded::frame::{Magic, unreadable};

/// What a segment begins with.
pub(super) const MAGIC: Magic = *b"WAlb log";

const SEGMENT: &str = "log-";

/// The name of the segment that begins with this record.
pub(super) fn name(first: u64) -> String {
    format!("{SEGMENT}{first:020}")
}

/// The first record of each segment, ascending. Files of other names are nothing of ours.
pub(super) fn find(folder: &Path) -> Result<Vec<u64>, StoreError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        segments.extend(entry.file_name().to_str().and_then(|name| number(name, SEGMENT)));
    }
    segments.sort_unstable();
    Ok(segments)
}

fn number(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}
