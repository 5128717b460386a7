use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no room for what was to be written. Nothing of it is in the log; it can be tried again.
    #[error("the disk is full")]
    Full(#[source] io::Error),
    /// A write failed. Nothing of it is in the log; it can be tried again.
    #[error("{log} can't be written to")]
    NotWritten {
        /// The log.
        log: &'static str,
        /// What the disk said.
        #[source]
        cause: io::Error,
    },
    /// Nothing is written until the process starts again, and why. What was being written may be in the log or not.
    #[error("{0}")]
    Stopped(String),
    /// The log can't be opened to be written to.
    #[error("{path} can't be written to")]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the disk said.
        #[source]
        cause: io::Error,
    },
    /// A file or folder can't be read.
    #[error("{path} can't be read")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the disk said.
        #[source]
        cause: io::Error,
    },
    /// A file isn't what was written.
    #[error("{path} is damaged at byte {at}: restore the data folder from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it, bytes from its start.
        at: u64,
    },
    /// Records are missing.
    #[error(
        "the log in {folder} has no records {from} to {to}: restore the data folder from a backup"
    )]
    Missing {
        /// The folder of the log.
        folder: PathBuf,
        /// The first of them.
        from: u64,
        /// The last of them, as far as is known.
        to: u64,
    },
    /// A file was written by a newer version of the program.
    #[error("the log has format {found}, this program knows up to {known}")]
    NewerVersion {
        /// The version of the file's format.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// A frame is larger than can be.
    #[error("{0} bytes are more than the log takes at once")]
    TooLarge(usize),
}

impl Error {
    pub(crate) fn not_written(log: &'static str, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(cause),
            _ => Self::NotWritten { log, cause },
        }
    }

    /// That a log can't be opened to be written to.
    pub fn not_writable(path: &Path, cause: io::Error) -> Self {
        Self::NotWritable { path: path.to_owned(), cause }
    }

    /// That a file or folder can't be read.
    pub fn unreadable(path: &Path, cause: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), cause }
    }

    /// That a file isn't what was written.
    pub fn damaged(path: &Path, at: u64) -> Self {
        Self::Damaged { path: path.to_owned(), at }
    }
}
