use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The folder of the embedded state, held by one process at a time.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Makes the folder if it is missing and takes hold of it.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        std::fs::create_dir_all(path).map_err(|e| {
            format!("can't make the data folder {shown}: {e}. Choose another with --data DIR.")
        })?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(|e| format!("can't write to the data folder {shown}: {e}. Make it writable, or choose another with --data DIR."))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            format!("another process uses the data folder {shown}. Stop it, or choose another with --data DIR.")
        })?;
        Ok(Self { _lock: lock })
    }
}
