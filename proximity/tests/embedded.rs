//! What can be wrong with the embedded store's file.

use model::ErrorKind;
use proximity::embedded::{EmbeddedStore, FILE_NAME};
use proximity::{Error, Store};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

fn unusable(result: Result<EmbeddedStore, Error>) -> String {
    match result {
        Err(Error::Unusable(why)) => why,
        other => panic!("should be unusable: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let data = TempDir::new().expect("a temporary directory");
    EmbeddedStore::open(data.path()).await.expect("opens").close().await.expect("closes");
    let url = format!("sqlite://{}", data.path().join(FILE_NAME).display());
    let mut file = SqliteConnection::connect(&url).await.expect("opens");
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut file).await.expect("set");
    file.close().await.expect("closes");

    let error = EmbeddedStore::open(data.path()).await.expect_err("must be refused");
    assert_eq!(error, Error::NewerVersion { found: 99, known: 1 });
    assert!(error.to_string().contains("newer version"));
    let mut file = SqliteConnection::connect(&url).await.expect("opens");
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut file).await.expect("read");
    assert_eq!(version, 99);
}

#[tokio::test]
async fn a_directory_that_can_not_be_written_to_is_named() {
    let data = TempDir::new().expect("a temporary directory");
    let missing = data.path().join("missing");
    let why = unusable(EmbeddedStore::open(&missing).await);
    assert!(why.contains("missing") && why.contains("can't be opened"), "{why}");
    // Nobody makes files there, root neither.
    let why = unusable(EmbeddedStore::open(std::path::Path::new("/proc/self")).await);
    assert!(why.contains("/proc/self") && why.contains("can't be opened"), "{why}");
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused() {
    let data = TempDir::new().expect("a temporary directory");
    std::fs::write(data.path().join(FILE_NAME), "a letter to my aunt\n".repeat(500))
        .expect("written");
    let why = unusable(EmbeddedStore::open(data.path()).await);
    assert!(why.contains("not a SQLite file"), "{why}");
}

#[tokio::test]
async fn an_open_file_can_be_closed_and_opened_again() {
    let data = TempDir::new().expect("a temporary directory");
    for _ in 0..3 {
        let store = EmbeddedStore::open(data.path()).await.expect("opens");
        assert!(store.fetch(&[], None).await.expect("reads").is_empty());
        store.close().await.expect("closes");
    }
    assert_eq!(Error::Unusable(String::new()).kind(), ErrorKind::Internal);
}
