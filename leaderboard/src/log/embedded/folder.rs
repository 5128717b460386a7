//! The folder itself, and which log it holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use segment_log::{Disk, Error};

use crate::LogId;

const NAME: &str = "id";

/// Makes the folder if it is missing, in one that must exist.
pub(super) fn make(folder: &Path, disk: &dyn Disk) -> Result<(), Error> {
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

/// The id of the log in a folder; `new`, if it has none yet, or one that a power cut left half. It is durable once the folder
/// is synced.
///
/// A folder that was restored from a backup has the id of before: indexes outside of it notice only that they are ahead.
pub(super) fn identify(folder: &Path, new: LogId, disk: &dyn Disk) -> Result<LogId, Error> {
    let path = folder.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => {
            if let Ok(bytes) = bytes.try_into() {
                return Ok(LogId(u128::from_le_bytes(bytes)));
            }
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::unreadable(&path, error));
        }
        Err(_) => {}
    }
    let write = || {
        let mut file = disk.create(&path)?;
        file.write(&new.0.to_le_bytes())?;
        file.sync()
    };
    write().map_err(|error| Error::not_writable(&path, error))?;
    Ok(new)
}
