//! Which log a folder holds: its id, made with it.

use std::fs;
use std::io;
use std::path::Path;

use sql::StoreError;

use crate::LogId;
use crate::log::embedded::disk::Disk;
use crate::log::embedded::frame::unreadable;
use crate::log::embedded::writer::not_writable;

const NAME: &str = "id";

/// The id of the log in a folder; `new`, if it has none yet, or one that a power cut left half. It is durable once the folder
/// is synced.
///
/// A folder that was restored from a backup has the id of before: indexes outside of it notice only that they are ahead.
pub(super) fn identify(folder: &Path, new: LogId, disk: &dyn Disk) -> Result<LogId, StoreError> {
    let path = folder.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => {
            if let Ok(bytes) = bytes.try_into() {
                return Ok(LogId(u128::from_le_bytes(bytes)));
            }
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unreadable(&path, error));
        }
        Err(_) => {}
    }
    let write = || {
        let mut file = disk.create(&path)?;
        file.write(&new.0.to_le_bytes())?;
        file.sync()
    };
    write().map_err(|error| not_writable(&path, error))?;
    Ok(new)
}
