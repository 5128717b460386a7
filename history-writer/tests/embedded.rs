//! What the files of the embedded store and register hold, also after their process died. `sql` has what can be wrong with
//! such a file.

use std::path::Path;

use history_writer::{
    Bucket, Direction, EmbeddedRegister, EmbeddedStore, Register, SealedChunk, Store, StoreError,
    StoredChunk, TimeRange,
};
use model::{Timestamp, UserId};
use segment_log::test_kit::{Appender, SIGABRT, appending, kept, wait_for_turn};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const BATCHES: u64 = 60;
/// How many chunks are put together.
const CHUNKS: u64 = 7;
/// The test that is run in a process of its own.
const TEST: &str = concat!(module_path!(), "::a_process_puts");

fn alice() -> UserId {
    UserId::parse("alice").expect("an id")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

fn batch(number: u64) -> Vec<StoredChunk> {
    let chunk = |n: u64| {
        let first = Timestamp((n * 60_000) as i64);
        let bytes = n.to_le_bytes().repeat(100);
        StoredChunk {
            user: alice(),
            sealed: SealedChunk { bucket: Bucket::at(first), first, bytes },
            last: first,
            received: first,
            points: 1,
        }
    };
    (number * CHUNKS..(number + 1) * CHUNKS).map(chunk).collect()
}

/// Run by the other tests in a process of its own: puts a batch for each byte that it reads, and says that it is kept.
#[test]
fn a_process_puts() {
    let Some((data_dir, first)) = appending() else { return };
    run(async {
        let store = EmbeddedStore::open(&data_dir).await.expect("opens");
        for n in first..BATCHES {
            wait_for_turn();
            store.put(&batch(n)).await.expect("put");
            kept(n);
        }
    });
}

/// The store has what was kept, and perhaps the whole of what was being put; says how many batches that is.
fn check(data_dir: &Path, kept: u64) -> u64 {
    run(async {
        let store = EmbeddedStore::open(data_dir).await.expect("opens");
        let (user, direction) = (alice(), Direction::Ascending);
        let found = store.chunks(&user, TimeRange::ALL, direction, None, 1_000).await;
        let found = found.expect("reads");
        let batches = found.len() as u64 / CHUNKS;
        assert!((kept..=kept + 1).contains(&batches), "{batches} of {kept}");
        let expected = (0..batches).flat_map(batch).map(|chunk| chunk.sealed);
        assert!(found.into_iter().eq(expected), "in whole and unchanged");
        batches
    })
}

#[test]
fn what_was_answered_survives_a_crash_at_every_point() {
    for (point, is_there) in [("history.store_written", 0), ("history.store_committed", 1)] {
        let data = TempDir::new().expect("a temporary directory");
        let (signal, kept) = Appender::append_all(TEST, data.path(), 0..BATCHES, Some(point));
        assert_eq!((signal, kept), (Some(SIGABRT), 0), "{point} is reached");
        assert_eq!(check(data.path(), kept), is_there, "{point}");
        // A log that is read again puts it again.
        let (signal, kept) = Appender::append_all(TEST, data.path(), 0..BATCHES, None);
        assert_eq!((signal, check(data.path(), kept)), (None, BATCHES), "after {point}");
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let data = TempDir::new().expect("a temporary directory");
    let kept = Appender::kill_at_any_time(TEST, data.path(), |kept| check(data.path(), kept));
    assert!(kept >= 30);
}

/// The bytes of all files together.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| std::fs::read(path).expect("a file")).collect()
}

#[tokio::test]
async fn a_key_that_was_destroyed_is_in_no_file() {
    let data = TempDir::new().expect("a temporary directory");
    let register = EmbeddedRegister::open(data.path()).await.expect("opens");
    let key = b"a key that is as good as random bytes";
    let has_key = || all_bytes(data.path()).windows(key.len()).any(|bytes| bytes == key);
    register.make_keys(&[(alice(), key.to_vec())]).await.expect("made");
    assert!(register.records(&[alice()]).await.expect("reads")[0].wrapped_key.is_some());
    assert!(has_key());
    register.erase_all(&alice(), Timestamp(1)).await.expect("erased");
    assert!(!has_key());
}

#[tokio::test]
async fn files_of_a_newer_version_are_refused() {
    let data = TempDir::new().expect("a temporary directory");
    EmbeddedStore::open(data.path()).await.expect("opens").close().await.expect("closes");
    EmbeddedRegister::open(data.path()).await.expect("opens").close().await.expect("closes");
    for name in ["history.sqlite", "history-register.sqlite"] {
        let url = format!("sqlite://{}", data.path().join(name).display());
        let mut file = SqliteConnection::connect(&url).await.expect("opens");
        sqlx::raw_sql("PRAGMA user_version = 9").execute(&mut file).await.expect("set");
        file.close().await.expect("closes");
    }
    let newer = StoreError::newer_version(9, 1);
    assert_eq!(EmbeddedStore::open(data.path()).await.expect_err("refused"), newer);
    assert_eq!(EmbeddedRegister::open(data.path()).await.expect_err("refused"), newer);
}
