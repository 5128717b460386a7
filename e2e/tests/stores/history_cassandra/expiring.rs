//! Rows expire by themselves.

use std::time::Duration;

use history_writer::Store;
use history_writer::cassandra::{CassandraStore, migrate};

use super::world::{chunk, config, node, read, until, user};

#[tokio::test]
async fn chunks_expire_when_they_have_been_kept_for_long_enough() {
    let node = node().await.read().await;
    let (config, ann) = (config(&node), user("ann"));
    let retention = Some(Duration::from_secs(3));
    migrate(&config, retention).await.expect("the node is there");
    let store = CassandraStore::connect(&config, retention).await.expect("the node is there");
    let all = [chunk(&ann, 0, vec![1; 9]), chunk(&ann, 1, vec![2; 9])];
    store.put(&all).await.expect("the node is there");
    assert_eq!(read(&store, &ann).await.len(), 2);
    until("they expire", async || read(&store, &ann).await.is_empty()).await;
}
