//! Three nodes with three copies: one may go, and nothing is noticed; with two away all waits in the log.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use e2e::servers::Cassandra;
use history_writer::cassandra::Config;

use super::kills::{USERS, check, move_about};
use super::world::{World, migrated, until};

/// Minutes of somebody's movement between two events, at least: three nodes share one machine.
const MINUTES: i64 = 40;
/// Between a minute of each and the next one.
const PAUSE: Duration = Duration::from_millis(500);

async fn three() -> (Vec<Cassandra>, Config) {
    let nodes = Cassandra::start_cluster(3).await;
    let config = Config {
        nodes: nodes.iter().map(Cassandra::node).collect(),
        keyspace: nodes[0].keyspace(),
        replication: BTreeMap::from([(nodes[0].datacenter().to_owned(), 3)]),
        ..Config::default()
    };
    // Each has to know the others before a table can be made.
    for node in &nodes {
        let status = async || node.tool(&["status"]).await;
        until("all are up", async || {
            status().await.lines().filter(|line| line.starts_with("UN")).count() == 3
        })
        .await;
    }
    (nodes, migrated(config).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_nodes_may_go_and_of_two_all_comes_back() {
    if std::env::var_os("WHEREABOUTS_LONG").is_none_or(|long| long != "1") {
        return;
    }
    let (mut nodes, config) = three().await;
    let world = World::start(&config).await;
    let (stop, minutes) = (AtomicBool::new(false), AtomicI64::new(0));
    let going = async {
        until("they move", async || minutes.load(Ordering::SeqCst) >= MINUTES).await;
        nodes[2].kill();
        for more in 2..4 {
            until("they move", async || minutes.load(Ordering::SeqCst) >= more * MINUTES).await;
            world.stored_what_is_there().await;
        }
        until("two of three suffice", async || world.history.fault().is_none()).await;
        println!("one of three away: all is stored, {} minutes", minutes.load(Ordering::SeqCst));

        nodes[1].kill();
        until("it is noticed", async || world.history.fault().is_some()).await;
        let before = minutes.load(Ordering::SeqCst);
        until("fixes are acknowledged all the same", async || {
            minutes.load(Ordering::SeqCst) >= before + 4 * USERS && world.waiting() > 0
        })
        .await;
        println!("two of three away: {} points wait", world.waiting());
        for node in &mut nodes[1..] {
            node.start_again().await;
        }
        until("they are back", async || world.history.fault().is_none()).await;
        world.stored_what_is_there().await;
        // Whoever has come back answers too: the one that was always there may go.
        nodes[0].kill();
        let before = minutes.load(Ordering::SeqCst);
        until("fixes come while it is away", async || {
            minutes.load(Ordering::SeqCst) >= before + 4 * USERS
        })
        .await;
        world.stored_what_is_there().await;
        stop.store(true, Ordering::SeqCst);
    };
    let (minutes, ()) = tokio::join!(move_about(&world, &stop, &minutes, PAUSE), going);
    check(&world, minutes, true).await;
    println!("{} points acknowledged, all stored", minutes * 60 * USERS);
}
