//! What can be wrong with the embedded store's file is said as an error of ours; `sql` has the rest.

use proximity::embedded::{EmbeddedStore, FILE_NAME};
use proximity::{Store, StoreError, StoreErrorKind};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let data = TempDir::new().expect("a temporary directory");
    EmbeddedStore::open(data.path()).await.expect("opens").close().await.expect("closes");
    let url = format!("sqlite://{}", data.path().join(FILE_NAME).display());
    let mut file = SqliteConnection::connect(&url).await.expect("opens");
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut file).await.expect("set");
    file.close().await.expect("closes");

    let error = EmbeddedStore::open(data.path()).await.expect_err("must be refused");
    assert_eq!(error, StoreError::newer_version(99, 4));
    assert!(error.to_string().contains("newer version"));
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let data = TempDir::new().expect("a temporary directory");
    let error = EmbeddedStore::open(&data.path().join("missing")).await.expect_err("no folder");
    assert!(error.to_string().contains("missing"), "{error}");
    assert_eq!(error.kind(), StoreErrorKind::Unusable);
}

#[tokio::test]
async fn an_open_file_can_be_closed_and_opened_again() {
    let data = TempDir::new().expect("a temporary directory");
    for _ in 0..3 {
        let store = EmbeddedStore::open(data.path()).await.expect("opens");
        assert!(store.fetch(&[], None).await.expect("reads").is_empty());
        store.close().await.expect("closes");
    }
}
