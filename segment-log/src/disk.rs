//! What is done to files, so that tests can let it fail.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// A folder's files.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a file, or an empty one of one that is there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to be written behind its end.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Returns when what was made, renamed and removed in a folder survives a power cut.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// A file that is written to.
pub trait DiskFile: fmt::Debug + Send {
    /// Writes at the end. At an error some of it may be written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when all that was written survives a power cut.
    fn sync(&mut self) -> io::Result<()>;
    /// Keeps the first bytes only, which survives a power cut.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

/// The machine's.
#[derive(Debug)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)?;
        self.seek(SeekFrom::Start(bytes))?;
        self.sync_all()
    }
}
