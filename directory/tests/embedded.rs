//! What can be wrong with the embedded store's file is said as an error of ours; `sql` has the rest.

use directory::embedded::{EmbeddedStore, FILE_NAME};
use directory::{
    CHANGES_MAX, Limits, Mutation, Store, StoreError, StoreErrorKind, Verb, WriteRequest,
};
use model::{Timestamp, UserId};
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
    assert_eq!(error, StoreError::newer_version(99, 2));
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
        assert!(store.users(&[]).await.expect("reads").is_empty());
        store.close().await.expect("closes");
    }
}

#[tokio::test]
async fn a_file_from_before_the_feed_keeps_its_friends_and_gets_a_feed() {
    let data = TempDir::new().expect("a temporary directory");
    let [alice, bob] = ["alice", "bob"].map(|name| UserId::parse(name).expect("an id"));
    let ensure = |user: &UserId| Mutation::Ensure { user: user.clone() };
    let relate = |verb| Mutation::Relate { verb, user: alice.clone(), other: bob.clone() };
    let apply = async |store: &EmbeddedStore, mutations: Vec<Mutation>| {
        let writes =
            mutations.into_iter().map(|mutation| WriteRequest { mutation, at: Timestamp(0) });
        let applied = store.apply(writes.collect(), Limits::default()).await.expect("applies");
        assert!(applied.outcomes.iter().all(Result::is_ok));
    };
    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    apply(&store, vec![ensure(&alice), ensure(&bob), relate(Verb::Befriend)]).await;
    store.close().await.expect("closes");
    let url = format!("sqlite://{}", data.path().join(FILE_NAME).display());
    let mut file = SqliteConnection::connect(&url).await.expect("opens");
    let back = "DROP TABLE feed; DROP TABLE changes; PRAGMA user_version = 1";
    sqlx::raw_sql(back).execute(&mut file).await.expect("as it was");
    file.close().await.expect("closes");

    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    let (start, circles) = store.circles(std::slice::from_ref(&alice)).await.expect("reads");
    assert_eq!((start.position.0, circles[0].friends.len()), (0, 1));
    apply(&store, vec![relate(Verb::Remove)]).await;
    let read = store.changes(start, CHANGES_MAX).await.expect("reads").expect("no gap");
    assert_eq!(read.changes.len(), 1);
}
