use std::path::Path;

use crate::Fault;

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
pub(super) fn explain(error: &sqlx::Error) -> Fault {
    match (error, primary_code(error)) {
        (sqlx::Error::PoolTimedOut, _) => Fault::Unavailable("all readers are busy".to_owned()),
        (_, Some(BUSY | LOCKED)) => {
            Fault::Unavailable("the file is locked by another process".to_owned())
        }
        (_, Some(FULL)) => Fault::Unavailable("the disk is full".to_owned()),
        (_, Some(READ_ONLY)) => Fault::Unavailable("the data directory is read-only".to_owned()),
        (_, Some(IO | CAN_NOT_OPEN)) => Fault::Unavailable(format!("the disk fails: {error}")),
        _ => Fault::Internal(error.to_string()),
    }
}

/// An error while opening the file at `path`.
pub(super) fn at(path: &Path, error: &sqlx::Error) -> Fault {
    let why = match primary_code(error) {
        Some(BUSY | LOCKED) => "it is locked by another process",
        Some(READ_ONLY) => "it can't be written to",
        Some(CAN_NOT_OPEN) => "it can't be opened or made; does the directory exist, may we write?",
        Some(FULL) => "the disk is full",
        Some(CORRUPT) => "it is damaged",
        Some(IO) => "the disk fails, or has no room left",
        Some(NOT_A_DATABASE) => "it is not a SQLite file",
        _ => return Fault::Unusable(format!("{}: {error}", path.display())),
    };
    Fault::Unusable(format!("{}: {why}", path.display()))
}
