use std::path::Path;

use crate::StoreError;

/// `SQLite`'s primary result code (<https://www.sqlite.org/rescode.html>).
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READ_ONLY: u32 = 8;
const IO: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CAN_NOT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;

/// An error while serving.
pub(super) fn explain(error: sqlx::Error) -> StoreError {
    let explained = match (&error, primary_code(&error)) {
        (sqlx::Error::PoolTimedOut, _) => StoreError::unavailable("all readers are busy"),
        (_, Some(BUSY | LOCKED)) => {
            StoreError::unavailable("the file is locked by another process")
        }
        (_, Some(FULL)) => StoreError::unavailable("the disk is full"),
        (_, Some(READ_ONLY)) => StoreError::unavailable("the data directory is read-only"),
        (_, Some(IO | CAN_NOT_OPEN)) => StoreError::unavailable("the disk fails"),
        _ => StoreError::internal("the file can't be worked with"),
    };
    explained.caused_by_sqlx(error)
}

/// An error while opening the file at `path`.
pub(super) fn at(path: &Path, error: sqlx::Error) -> StoreError {
    let why = match primary_code(&error) {
        Some(BUSY | LOCKED) => "it is locked by another process",
        Some(READ_ONLY) => "it can't be written to",
        Some(CAN_NOT_OPEN) => "it can't be opened or made; does the directory exist, may we write?",
        Some(FULL) => "the disk is full",
        Some(CORRUPT) => "it is damaged",
        Some(IO) => "the disk fails, or has no room left",
        Some(NOT_A_DATABASE) => "it is not a SQLite file",
        _ => "it can't be worked with",
    };
    StoreError::unusable(format!("{}: {why}", path.display())).caused_by_sqlx(error)
}
