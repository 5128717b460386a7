//! What a file is, as far as its first bytes tell it: without `SQLite`, which locks what it reads and makes files beside it.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// What a file begins with (<https://www.sqlite.org/fileformat2.html>).
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
/// Where in it the number of steps stands that were taken.
const VERSION_AT: usize = 60;
/// The header of a write-ahead log, and of each page in it, bytes.
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The least and the most that a page can have, bytes.
const PAGE_BYTES: std::ops::RangeInclusive<u32> = 512..=65_536;

/// Errs if the file couldn't be opened, as far as can be told without changing anything, also while a process has it open. One
/// that is missing will be made.
pub(super) fn look(path: &Path, steps: &[&'static str]) -> Result<(), StoreError> {
    let wrong = |path: &Path, why: &str| StoreError::unusable(format!("{}: {why}", path.display()));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| {
            StoreError::unusable(format!("{}: it can't be read or written to", path.display()))
                .caused_by(error)
        }
    };
    let log = beside(path, "-wal");
    for it in [path, &log, &beside(path, "-shm"), &beside(path, "-journal")] {
        match fs::symlink_metadata(it) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(it)(error)),
            Ok(_) => {}
        }
        if !fs::metadata(it).map_err(failed(it))?.is_file() {
            return Err(wrong(it, "it is not a file"));
        }
        OpenOptions::new().read(true).write(true).open(it).map_err(failed(it))?;
    }
    let Some(header) = start(path, HEADER_BYTES).map_err(failed(path))? else { return Ok(()) };
    if header.is_empty() {
        return Ok(());
    }
    if header.len() < HEADER_BYTES || !header.starts_with(MAGIC) {
        return Err(wrong(path, "it is not a SQLite file"));
    }
    let newest = version_in_log(&log).map_err(failed(&log))?;
    StoreError::if_newer(newest.unwrap_or(i64::from(number(&header, VERSION_AT))), steps)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The first bytes of a file, as many as there are; `None` without a file.
fn start(path: &Path, bytes: usize) -> io::Result<Option<Vec<u8>>> {
    match fs::File::open(path) {
        Ok(file) => {
            let mut found = Vec::with_capacity(bytes);
            file.take(bytes as u64).read_to_end(&mut found)?;
            Ok(Some(found))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The number of four bytes, the greatest first, which must be there.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// How many steps were taken by what was committed to the write-ahead log and isn't in the file yet.
fn version_in_log(log: &Path) -> io::Result<Option<i64>> {
    let Some(header) = start(log, LOG_HEADER_BYTES)? else { return Ok(None) };
    if header.len() < LOG_HEADER_BYTES || !PAGE_BYTES.contains(&number(&header, 8)) {
        return Ok(None);
    }
    let page_bytes = u64::from(number(&header, 8));
    let frame_bytes = FRAME_HEADER_BYTES as u64 + page_bytes;
    let mut file = fs::File::open(log)?;
    let (mut written, mut committed) = (None, None);
    let end = file.metadata()?.len();
    let mut at = LOG_HEADER_BYTES as u64;
    while at + frame_bytes <= end {
        let mut frame = [0; FRAME_HEADER_BYTES + HEADER_BYTES];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut frame)?;
        // What was written before the log was begun anew has other salts.
        if frame[8..16] != header[16..24] {
            break;
        }
        if number(&frame, 0) == 1 {
            written = Some(i64::from(number(&frame, FRAME_HEADER_BYTES + VERSION_AT)));
        }
        // The last page of a transaction says how large the file then is.
        if number(&frame, 4) > 0 {
            committed = written.or(committed);
        }
        at += frame_bytes;
    }
    Ok(committed)
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    const STEPS: &[&str] = &["CREATE TABLE a (x)", "CREATE TABLE b (x)"];

    fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut found: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| (path.clone(), fs::read(path).unwrap_or_default()))
            .collect();
        found.sort();
        found
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_seen_without_touching_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.sqlite");
        assert_eq!(look(&path, STEPS), Ok(()));
        // As yet only in the log of a process that runs.
        let file = File::open(&path, 1_000, STEPS).await.expect("opened");
        let before = contents(folder.path());
        assert_eq!(look(&path, STEPS), Ok(()));
        let newer = look(&path, &STEPS[..1]).expect_err("newer");
        assert!(newer.to_string().contains("schema 2, this program knows up to 1"), "{newer}");
        assert_eq!(contents(folder.path()), before);
        file.close().await.expect("closed");
        assert_eq!(look(&path, STEPS), Ok(()));
        assert!(look(&path, &STEPS[..1]).is_err());
        assert_eq!(contents(folder.path()).len(), 1);
    }

    #[test]
    fn what_is_no_file_of_ours_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.sqlite");
        fs::write(&path, b"").expect("written");
        assert_eq!(look(&path, STEPS), Ok(()), "it is as good as new");
        for wrong in [&b"text"[..], &[b'x'; 4_096]] {
            fs::write(&path, wrong).expect("written");
            let why = look(&path, STEPS).expect_err("no database").to_string();
            assert!(why.contains("x.sqlite: it is not a SQLite file"), "{why}");
        }
        for name in ["x.sqlite", "x.sqlite-wal"] {
            let _ = fs::remove_file(&path);
            fs::create_dir(folder.path().join(name)).expect("made");
            let why = look(&path, STEPS).expect_err("a folder").to_string();
            assert!(why.contains(&format!("{name}: it is not a file")), "{why}");
            fs::remove_dir(folder.path().join(name)).expect("removed");
        }
    }
}
