//! What the database doesn't take, and what it can't do for now.

use history_writer::cassandra::CassandraStore;
use history_writer::{Store, StoreErrorKind};
use model::ErrorChain;
use scylla::client::session_builder::SessionBuilder;

use super::world::{chunk, config, connect, migrated, node, read, user};

/// More than the node takes in one row: half a segment of its log.
const TOO_LARGE_BYTES: usize = 5 * 1_024 * 1_024;

#[tokio::test]
async fn a_chunk_that_is_never_taken_is_told_from_a_database_that_is_away() {
    let node = node().await.read().await;
    let config = migrated(config(&node)).await;
    let (store, ann) = (connect(&config).await, user("ann"));
    let put = async |store: &CassandraStore, bytes| {
        store.put(&[chunk(&ann, 0, vec![1; 9]), chunk(&ann, 1, bytes)]).await
    };
    let error = put(&store, vec![1; TOO_LARGE_BYTES]).await.expect_err("too large");
    assert_eq!(error.kind(), StoreErrorKind::Internal, "{}", ErrorChain(&error));
    put(&store, vec![2; 9]).await.expect("the node is there");
    assert_eq!(read(&store, &ann).await.len(), 2);
    // Somebody drops a table: no chunk is given up for that.
    let session = SessionBuilder::new().known_node(node.node()).build().await.expect("a session");
    for table in ["chunks", "schema_version"] {
        let cql = format!("DROP TABLE {}.{table}", config.keyspace);
        session.query_unpaged(cql, ()).await.expect("dropped");
    }
    let error = put(&store, vec![2; 9]).await.expect_err("no table");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", ErrorChain(&error));
}
