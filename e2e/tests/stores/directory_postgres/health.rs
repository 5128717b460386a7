//! How a store sees whether its server is there, and what its clock says.

use std::sync::Arc;

use directory::Store;
use directory::postgres::PostgresStore;
use model::{Clock, Moment, SeededRandom, SystemClock};
use rustix::process::{Pid, Signal, kill_process};

use super::world::{apply, circle, connect, database, ensure, id, sessions, shared, until};

/// A clock that is wrong by so many milliseconds.
struct Wrong(SystemClock, i64);

impl Clock for Wrong {
    fn now(&self) -> Moment {
        let now = self.0.now();
        Moment { wall: now.wall.plus_ms(self.1), ..now }
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_shows() {
    let config = database(shared().await).await;
    for wrong_ms in [0, -45_000, 400_000] {
        let clock = Arc::new(Wrong(SystemClock::start(), wrong_ms));
        let store = PostgresStore::connect(&config, clock, Arc::new(SeededRandom::new(1))).await;
        let store = store.expect("connects");
        until("the clocks are compared", async || store.clock_offset_ms().is_some()).await;
        let offset_ms = store.clock_offset_ms().expect("it was there");
        assert!((offset_ms - wrong_ms).abs() < 1_000, "{offset_ms} instead of {wrong_ms}");
    }
}

#[tokio::test]
async fn connections_that_are_dead_while_tcp_lives_are_replaced() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    apply(&store, ensure(&["alice"])).await;
    assert!(circle(&store, "alice").await.exists);
    until("it was looked at", async || store.clock_offset_ms().is_some()).await;
    // Those that write, those that read, and the one that looks.
    let sessions = sessions(&config, "whereabouts").await;
    assert!(sessions.len() >= 3);
    let frozen = Frozen::now(&sessions);
    let found = store.users(&[id("alice")]).await.expect("by another connection");
    assert!(found[0].is_some());
    let looked = async || store.fault().is_none() && store.clock_offset_ms().is_some();
    until("it is looked at by another connection", looked).await;
    until("circles are read", async || store.circles(&[id("alice")]).await.is_ok()).await;
    drop(frozen);
}

#[tokio::test]
async fn a_dropped_store_leaves_no_connections() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    until("it was looked at", async || store.clock_offset_ms().is_some()).await;
    assert!(!sessions(&config, "whereabouts").await.is_empty());
    drop(store);
    until("all are gone", async || sessions(&config, "whereabouts").await.is_empty()).await;
}

/// Processes that stand still, with their connections open, until this is dropped.
struct Frozen(Vec<Pid>);

impl Frozen {
    fn now(ids: &[i32]) -> Self {
        assert!(!ids.is_empty(), "there is something to freeze");
        let processes: Vec<_> = ids.iter().filter_map(|id| Pid::from_raw(*id)).collect();
        for process in &processes {
            kill_process(*process, Signal::STOP).expect("a process that can be stopped");
        }
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            let _ = kill_process(*process, Signal::CONT);
        }
    }
}
