use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{Access, FlockOperation, access, flock, statfs};

/// What says in the folder that a process holds it.
const LOCK: &str = "lock";
/// The longest name of a file, bytes.
const NAME_BYTES_MAX: usize = 255;
/// What the kernel makes up as it is read (<https://man7.org/linux/man-pages/man2/statfs.2.html>): of processes, devices, groups of
/// processes, and faults. Nobody makes folders there, whatever it says of permissions.
const OF_THE_KERNEL: [i128; 5] = [0x9fa0, 0x6265_6572, 0x27_e0eb, 0x6367_7270, 0x6462_6720];

/// The folder of the embedded state, held by one process at a time.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Errs if it couldn't be opened, as far as can be told without making anything. Answers in words what there is.
    pub(crate) fn check(path: &Path) -> Result<&'static str, String> {
        let shown = path.display();
        let there = deepest(path).map_err(|error| {
            format!("data.dir: {shown} can't be looked at: {error}. Choose another.")
        })?;
        if !there.is_dir() {
            let what = if there.is_symlink() { "a link to nothing" } else { "a file" };
            let there = there.display();
            return Err(format!("data.dir: {shown} can't be a folder, since {there} is {what}"));
        }
        if is_of_the_kernel(there) {
            return Err(format!(
                "data.dir: {shown} can't be used, since {} is the system's own. Choose another.",
                there.display()
            ));
        }
        access(there, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            format!(
                "data.dir: {} can't be written to: {error}. Make it writable, or choose another.",
                there.display()
            )
        })?;
        if there != path {
            return Ok(", made when the service starts");
        }
        let lock = path.join(LOCK);
        let is_usable = OpenOptions::new().write(true).open(&lock).map(drop);
        if let Err(error) = is_usable.or_else(unless_missing) {
            return Err(format!("data.dir: {} can't be written to: {error}", lock.display()));
        }
        let held = File::open(lock);
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
            .open(path.join(LOCK))
            .map_err(|e| format!("can't write to the data folder {shown}: {e}. Make it writable, or choose another with --data DIR."))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            format!("another process uses the data folder {shown}. Stop it, or choose another with --data DIR.")
        })?;
        Ok(Self { _lock: lock })
    }
}

/// What of a path is there.
fn deepest(path: &Path) -> io::Result<&Path> {
    if path.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(ErrorKind::InvalidFilename.into());
    }
    for it in path.ancestors().filter(|it| !it.as_os_str().is_empty()) {
        match std::fs::symlink_metadata(it) {
            Ok(_) => return Ok(it),
            // What is above may be a file.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Path::new("."))
}

fn is_of_the_kernel(folder: &Path) -> bool {
    statfs(folder).is_ok_and(|it| OF_THE_KERNEL.contains(&i128::from(it.f_type)))
}

fn unless_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_can_not_become_the_folder_is_told_and_nothing_is_made() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        fs::write(at("file"), b"").expect("written");
        symlink(at("nowhere"), at("dangling")).expect("linked");
        symlink(home.path(), at("home")).expect("linked");
        fs::create_dir_all(at("odd/lock")).expect("made");
        for (path, said) in [
            (at("file"), "is a file"),
            (at("file/data"), "is a file"),
            (at("dangling"), "is a link to nothing"),
            (at("dangling/data"), "is a link to nothing"),
            (at(&"a".repeat(256)), "can't be looked at"),
            (at("made").join("a".repeat(256)), "can't be looked at"),
            (at("odd"), "lock can't be written to"),
            ("/proc/whereabouts".into(), "the system's own"),
            ("/proc".into(), "the system's own"),
        ] {
            let why = DataDir::check(&path).expect_err("it can't be made");
            assert!(why.starts_with("data.dir: ") && why.contains(said), "{why}");
            assert!(DataDir::open(&path).is_err(), "{}", path.display());
        }
        for path in [at("new/data"), at("home/data"), at("home")] {
            assert!(DataDir::check(&path).is_ok(), "{}", path.display());
        }
        assert!(!at("new").exists() && !at("nowhere").exists() && !at("lock").exists());
    }
}
