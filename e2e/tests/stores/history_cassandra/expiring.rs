//! Rows expire by themselves.

use std::time::Duration;

use history_writer::cassandra::{CassandraStore, migrate};
use history_writer::{Store, StoredChunk};

use model::{Clock, SystemClock};
use tokio::time::{Instant, sleep};

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

/// A minute of expiring and a minute in which what expired is still remembered: only with `WHEREABOUTS_LONG=1`.
#[tokio::test]
async fn files_of_expired_chunks_go_from_the_disk() {
    if std::env::var_os("WHEREABOUTS_LONG").is_none_or(|long| long != "1") {
        return;
    }
    let node = node().await.read().await;
    let config = config(&node);
    let retention = Some(Duration::from_mins(1));
    migrate(&config, retention).await.expect("the node is there");
    let store = CassandraStore::connect(&config, retention).await.expect("the node is there");
    let put = async |minutes: std::ops::Range<i64>| {
        let received = SystemClock::start().now().wall;
        let chunk = |minute| StoredChunk { received, ..chunk(&user("ann"), minute, vec![1; 999]) };
        store.put(&minutes.map(chunk).collect::<Vec<_>>()).await.expect("the node is there");
        node.tool(&["flush", &config.keyspace]).await;
        node.data_files(&config.keyspace, "chunks")
    };
    let began = Instant::now();
    let first = put(0..200).await;
    assert!(!first.is_empty(), "it is on the disk");
    assert_eq!(read(&store, &user("ann")).await.len(), 200);
    // Files of one stretch of time become one; those of another stand by themselves.
    sleep(Duration::from_mins(2)).await;
    assert!(read(&store, &user("ann")).await.is_empty(), "all have expired");
    // The database looks at its files when there are new ones.
    for minute in 200.. {
        assert!(began.elapsed() < Duration::from_mins(5), "{first:?} are still there");
        if put(minute..minute + 1).await.is_disjoint(&first) {
            break;
        }
        sleep(Duration::from_secs(5)).await;
    }
    let seconds = began.elapsed().as_secs();
    println!("the files of chunks that are kept for a minute were gone after {seconds} s");
    assert!(read(&store, &user("ann")).await.len() < 30, "only what came lately is there");
}
