use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{Access, FlockOperation, access, flock};

/// The folder of the embedded state, held by one process at a time.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Errs if it couldn't be opened, as far as can be told without making anything. Answers in words what there is.
    pub(crate) fn check(path: &Path) -> Result<&'static str, String> {
        let shown = path.display();
        let there = path.ancestors().find(|it| it.as_os_str().is_empty() || it.exists());
        let there = there.filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !there.is_dir() {
            return Err(format!(
                "data.dir: {shown} can't be a folder, since {} is a file",
                there.display()
            ));
        }
        access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            format!(
                "data.dir: {} can't be written to: {error}. Make it writable, or choose another.",
                there.display()
            )
        })?;
        if there != path {
            return Ok(", made when the service starts");
        }
        let held = File::open(path.join("lock"));
        let held =
            held.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err());
        Ok(if held { ", held by a service that runs" } else { "" })
    }

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
