use std::fs;
use std::io;
use std::path::Path;

use crate::{Error, FileFormat, FrameReader};

/// Whether a log can be made or opened in this folder, as far as can be told while nothing is changed; `false`: it will be
/// made.
pub fn check_folder(folder: &Path) -> Result<bool, Error> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_symlink() => Ok(false),
        Err(error) => Err(Error::unreadable(folder, error)),
        Ok(it) if it.is_dir() => Ok(true),
        Ok(_) => Err(Error::unreadable(folder, io::ErrorKind::NotADirectory.into())),
    }
}

/// Errs if a file of this number is damaged at its start, or of a newer version. One that is gone is none: a process that has
/// the log open removes what it needs no longer.
pub fn check_header(path: &Path, format: FileFormat, number: u64) -> Result<(), Error> {
    match FrameReader::open(path, format, number) {
        Err(Error::Unreadable { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map(drop),
    }
}
