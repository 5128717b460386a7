use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Disk, Error};

const SEGMENT: &str = "log-";

/// Makes the folder of a log if it is missing, in one that must exist.
pub fn make_folder(folder: &Path, disk: &dyn Disk) -> Result<(), Error> {
    let data_dir = folder.parent().map(PathBuf::from).unwrap_or_default();
    let make = || {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) | Ok(()) => {}
        }
        // Of one that is there too: a crash may have come before this.
        disk.sync_folder(&data_dir)
    };
    make().map_err(|error| Error::not_writable(folder, error))
}

/// The segment that begins with this record.
pub fn segment(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{SEGMENT}{first:020}"))
}

/// The first record of each segment in a folder, ascending; files of other names are nothing of ours.
pub fn segments(folder: &Path) -> Result<Vec<u64>, Error> {
    numbered(folder, SEGMENT)
}

/// The numbers of the files in a folder that are named by this prefix and 20 digits, ascending.
pub fn numbered(folder: &Path, prefix: &str) -> Result<Vec<u64>, Error> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::unreadable(folder, error))? {
        let name = entry.map_err(|error| Error::unreadable(folder, error))?.file_name();
        numbers.extend(name.to_str().and_then(|name| number(name, prefix)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn number(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// Whether all records of this segment, one of these, are among those up to `number`: it ends where the next begins.
pub fn is_outdated(segments: &[u64], first: u64, number: u64) -> bool {
    let next = segments.iter().find(|it| **it > first);
    next.is_some_and(|next| *next - 1 <= number)
}
