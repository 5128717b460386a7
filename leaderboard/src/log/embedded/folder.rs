//! Which log a folder holds.

use std::fs;
use std::io;
use std::path::Path;

use segment_log::{Disk, Error};

use crate::LogId;

const NAME: &str = "id";

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
