//! A database that answers late, or does what it is asked and never says so.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use e2e::servers::Proxy;
use history_writer::cassandra::Config;

use super::kills::{MINUTES, PAUSE, USERS, check, move_about};
use super::world::{World, config, migrated, node, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_stored_though_answers_come_late_or_never() {
    let node = node().await.read().await;
    let direct = migrated(config(&node)).await;
    let (_, port) = direct.nodes[0].rsplit_once(':').expect("a port");
    let proxy = Proxy::before(port.parse().expect("a port")).await;
    let nodes = vec![format!("127.0.0.1:{}", proxy.port())];
    let world = World::start(&Config { nodes, statement_timeout_ms: 1_000, ..direct }).await;
    let (stop, minutes) = (AtomicBool::new(false), AtomicI64::new(0));
    let more = async |count: i64| {
        let wanted = minutes.load(Ordering::SeqCst) + count;
        until("they move", async || minutes.load(Ordering::SeqCst) >= wanted).await;
    };
    let failing = async {
        more(MINUTES).await;
        proxy.delay(Duration::from_millis(150));
        more(MINUTES).await;
        world.stored_what_is_there().await;
        proxy.delay(Duration::ZERO);
        // It does what it is asked from now on, and nobody hears of it.
        proxy.swallow_answers();
        until("it is noticed", async || world.history.fault().is_some()).await;
        more(10 * USERS).await;
        proxy.pass();
        proxy.cut();
        until("it is back", async || world.history.fault().is_none()).await;
        stop.store(true, Ordering::SeqCst);
    };
    let (minutes, ()) = tokio::join!(move_about(&world, &stop, &minutes, PAUSE), failing);
    check(&world, minutes, true).await;
}
