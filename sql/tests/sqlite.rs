//! What a file goes through, and what can be wrong with it.

use std::path::Path;

use model::ErrorChain;
use sql::sqlite::{File, answer};
use sql::{StoreError, StoreErrorKind};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const NAMES: &str = "CREATE TABLE names (name TEXT NOT NULL) STRICT;";
const AGES: &str = "ALTER TABLE names ADD COLUMN age INTEGER;";
const MISTAKEN: &str = "CREATE TABLE ages (age INTEGER) STRICT; ALTER TABLE nothing ADD COLUMN a;";

async fn open(path: &Path, steps: &[&'static str]) -> Result<File, StoreError> {
    File::open(path, 2_000, steps).await
}

async fn close(file: File) {
    file.close().await.expect("closes");
}

fn unusable(opened: Result<File, StoreError>) -> String {
    match opened {
        Err(error) if error.kind() == StoreErrorKind::Unusable => ErrorChain(&error).to_string(),
        other => panic!("should be unusable: {other:?}"),
    }
}

/// Writes a name in a transaction of its own.
async fn write(file: &File, name: &str) -> Result<(), StoreError> {
    answer(async {
        let mut writer = file.writer().await?;
        let mut transaction = writer.begin().await?;
        let sql = "INSERT INTO names (name) VALUES (?1)";
        sqlx::query(sql).bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(())
    })
    .await
}

async fn names(file: &File) -> Vec<String> {
    let sql = "SELECT name FROM names ORDER BY name";
    sqlx::query_scalar(sql).fetch_all(file.readers()).await.expect("reads")
}

/// What another program sees of the file, which nobody has open.
async fn aside(path: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", path.display());
    SqliteConnection::connect(&url).await.expect("opens")
}

async fn version(path: &Path) -> i64 {
    let read = sqlx::query_scalar("PRAGMA user_version");
    read.fetch_one(&mut aside(path).await).await.expect("reads")
}

#[tokio::test]
async fn what_was_written_is_there_when_the_file_is_opened_again() {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("names.sqlite");
    for name in ["ada", "bob", "cleo"] {
        let file = open(&path, &[NAMES]).await.expect("opens");
        write(&file, name).await.expect("written");
        close(file).await;
    }
    let file = open(&path, &[NAMES]).await.expect("opens");
    assert_eq!(names(&file).await, ["ada", "bob", "cleo"]);
}

#[tokio::test]
async fn every_write_is_synced() {
    let folder = TempDir::new().expect("a temporary directory");
    let file = open(&folder.path().join("names.sqlite"), &[NAMES]).await.expect("opens");
    let mut writer = file.writer().await.expect("free");
    let mut transaction = writer.begin().await.expect("begins");
    let read = sqlx::query_scalar("PRAGMA journal_mode");
    let journal: String = read.fetch_one(&mut *transaction).await.expect("reads");
    let read = sqlx::query_scalar("PRAGMA synchronous");
    let synchronous: i64 = read.fetch_one(&mut *transaction).await.expect("reads");
    // 2 is FULL.
    assert_eq!((journal.as_str(), synchronous), ("wal", 2));
}

#[tokio::test]
async fn a_file_of_an_older_version_takes_the_steps_that_are_missing() {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("names.sqlite");
    let file = open(&path, &[NAMES]).await.expect("opens");
    write(&file, "ada").await.expect("written");
    close(file).await;
    let file = open(&path, &[NAMES, AGES]).await.expect("opens");
    let read = sqlx::query_scalar("SELECT count(*) FROM names WHERE age IS NULL");
    let ageless: i64 = read.fetch_one(file.readers()).await.expect("reads");
    assert_eq!(ageless, 1);
    close(file).await;
    assert_eq!(version(&path).await, 2);
}

#[tokio::test]
async fn steps_are_taken_all_or_none() {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("names.sqlite");
    close(open(&path, &[NAMES]).await.expect("opens")).await;
    let why = unusable(open(&path, &[NAMES, AGES, MISTAKEN]).await);
    assert!(why.contains("names.sqlite") && why.contains("nothing"), "{why}");
    assert_eq!(version(&path).await, 1);
    let file = open(&path, &[NAMES, AGES]).await.expect("nothing was left behind");
    close(file).await;
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("names.sqlite");
    close(open(&path, &[NAMES]).await.expect("opens")).await;
    let set = sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut aside(&path).await).await;
    set.expect("set");
    let refused = open(&path, &[NAMES]).await.expect_err("is newer");
    assert_eq!(refused, StoreError::newer_version(99, 1));
    assert_eq!(version(&path).await, 99);
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_to_is_named() {
    let folder = TempDir::new().expect("a temporary directory");
    // Nobody makes files in the other, root neither.
    for place in [&folder.path().join("missing"), Path::new("/proc/self")] {
        let why = unusable(open(&place.join("names.sqlite"), &[NAMES]).await);
        let named = place.to_str().expect("a text");
        assert!(why.contains(named) && why.contains("can't be opened"), "{why}");
    }
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused() {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("names.sqlite");
    std::fs::write(&path, "a letter to my aunt\n".repeat(500)).expect("written");
    let why = unusable(open(&path, &[NAMES]).await);
    assert!(why.contains("not a SQLite file"), "{why}");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_changes_nothing() {
    let folder = TempDir::new().expect("a temporary directory");
    let file = open(&folder.path().join("names.sqlite"), &[NAMES]).await.expect("opens");
    let mut writer = file.writer().await.expect("free");
    let mut transaction = writer.begin().await.expect("begins");
    // SQLite takes a limit below the present size as the present size.
    let limit = sqlx::raw_sql("PRAGMA max_page_count = 1").execute(&mut *transaction).await;
    limit.expect("set");
    transaction.commit().await.expect("nothing to write");
    writer.keep();

    let long = "a".repeat(100_000);
    let full = Err(StoreError::unavailable("the disk is full"));
    assert_eq!(write(&file, &long).await, full);
    assert!(names(&file).await.is_empty());
    // The limit went with the connection.
    write(&file, &long).await.expect("there is room again");
    assert_eq!(names(&file).await, [long]);
}

#[tokio::test]
async fn writers_wait_for_each_other() {
    const WRITERS: usize = 16;
    let folder = TempDir::new().expect("a temporary directory");
    let file = open(&folder.path().join("names.sqlite"), &[NAMES]).await.expect("opens");
    let file = std::sync::Arc::new(file);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..WRITERS {
        let file = file.clone();
        tasks.spawn(async move { write(&file, &format!("{n:02}")).await });
    }
    assert!(tasks.join_all().await.into_iter().all(|written| written == Ok(())));
    assert_eq!(names(&file).await.len(), WRITERS);
}
