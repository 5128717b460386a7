//! Nobody waits for a server that is away.

use std::time::Duration;

use e2e::servers::Proxy;
use proximity::{Limits, Store};
use tokio::time::{Instant, timeout};

use super::world::{
    apply, connect, create, database, port, shared, through, try_read, until, version,
};

/// Requests that would take all day if each waited.
const MANY: u64 = 10_000;
/// In this time each server is looked at a few times.
const LOOKS: Duration = Duration::from_secs(1);

#[tokio::test]
async fn while_nobody_answers_reads_and_writes_fail_at_once_until_somebody_does() {
    let mut config = database(shared().await).await;
    let proxy = Proxy::before(port(&config.url)).await;
    config.url = through(&config.url, &proxy).into();
    let store = connect(&config).await;
    apply(&store, vec![create(1)]).await;
    proxy.swallow();
    until("it is told", async || store.fault().is_some()).await;
    let each = async {
        for number in 0..MANY {
            let read = try_read(&store, 1, None).await;
            assert!(matches!(&read, Err(error) if error.is_unavailable()), "{read:?}");
            let written = store.apply(vec![create(number)], Limits::default()).await;
            assert!(matches!(&written, Err(error) if error.is_unavailable()), "{written:?}");
        }
    };
    timeout(e2e::DEADLINE, each).await.expect("nobody waits for a timeout");
    proxy.pass();
    proxy.cut();
    until("it is over", async || store.fault().is_none()).await;
    until("it is read", async || try_read(&store, 1, None).await.is_ok()).await;
    assert_eq!(version(&store, 1, None).await, 1);
    apply(&store, vec![create(2)]).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_is_no_server_that_is_away() {
    let mut config = database(shared().await).await;
    let proxy = Proxy::before(port(&config.url)).await;
    config.url = through(&config.url, &proxy).into();
    let store = connect(&config).await;
    apply(&store, vec![create(1)]).await;
    for _ in 0..4 {
        let end = Instant::now() + LOOKS;
        while Instant::now() < end {
            assert_eq!(store.fault(), None);
            assert_eq!(version(&store, 1, None).await, 1);
        }
        // Those that look are cut too.
        proxy.cut();
    }
}
