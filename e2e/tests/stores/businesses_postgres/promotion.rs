//! A primary dies, and its replica becomes the primary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use e2e::servers::{Postgres, Proxy};
use proximity::postgres::{Config, PostgresStore};
use proximity::{Error, Limits, Refusal, Store};
use tokio::task::JoinHandle;

use super::readers::Readers;
use super::world::{
    apply, connect, create, database, name, port, rename, through, try_read, until, version,
};

/// What is written again and again.
const WRITTEN: u64 = 2;

/// A primary whose address can be given to another server, and a replica that has everything that is acknowledged.
struct World {
    primary: Postgres,
    address: Proxy,
    replica: Postgres,
    config: Config,
}

impl World {
    async fn start() -> Self {
        let primary = Postgres::start().await;
        let mut config = database(&primary).await;
        let replica = primary.replica().await;
        primary.superuser("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        primary.superuser("SELECT pg_reload_conf()").await;
        let address = Proxy::before(port(&config.url)).await;
        config.replicas = vec![replica.url(name(&config)).into()];
        config.url = through(&config.url, &address).into();
        Self { primary, address, replica, config }
    }
}

/// Writes one business again and again, and reads each time what was acknowledged.
struct Writer {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Writer {
    fn start(store: &Arc<PostgresStore>) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
        let task = tokio::spawn(write(Arc::clone(store), stop.clone(), acknowledged.clone()));
        Self { stop, acknowledged, task }
    }

    async fn go_on(&self) {
        let wanted = self.acknowledged.load(Ordering::SeqCst) + 20;
        until("writes go on", async || {
            self.task.is_finished() || self.acknowledged.load(Ordering::SeqCst) >= wanted
        })
        .await;
    }

    /// The last version that was acknowledged.
    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("reads what was acknowledged");
        self.acknowledged.load(Ordering::SeqCst)
    }
}

async fn write(store: Arc<PostgresStore>, stop: Arc<AtomicBool>, acknowledged: Arc<AtomicU64>) {
    for number in 0_u64.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let write = rename(WRITTEN, &format!("name {number}"));
        let applied = match store.apply(vec![write], Limits::default()).await {
            Ok(applied) => applied,
            Err(error) if error.is_unavailable() => {
                // Nobody waits for a server that is away, so this would be asked thousands of times.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        let written = applied.outcomes[0].as_ref().expect("it can be renamed").business.version;
        assert!(written > acknowledged.load(Ordering::SeqCst), "an acknowledged write is gone");
        acknowledged.store(written, Ordering::SeqCst);
        match try_read(&*store, WRITTEN, Some(applied.as_of)).await {
            Ok(found) => assert!(found.is_some_and(|business| business.version >= written)),
            Err(error) if error.is_unavailable() => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_promoted_replica_goes_on_in_another_history() {
    let mut world = World::start().await;
    let store = Arc::new(connect(&world.config).await);
    let made = apply(&*store, vec![create(1), create(WRITTEN)]).await;
    let (readers, writer) = (Readers::start(&store, 1), Writer::start(&store));
    readers.go_on().await;
    writer.go_on().await;
    world.primary.kill().await;
    readers.go_on().await;
    world.replica.promote().await;
    readers.go_on().await;
    world.address.lead_to(world.replica.port());
    writer.go_on().await;
    readers.go_on().await;
    readers.stop().await;
    let acknowledged = writer.stop().await;
    let after = apply(&*store, vec![create(3)]).await;
    assert_ne!(after.timeline, made.timeline);
    // Positions of the timeline before can't be compared with those of this one: the primary answers.
    assert_eq!(version(&*store, 1, Some(made)).await, 1);
    assert!(version(&*store, WRITTEN, Some(made)).await >= acknowledged);
    assert_eq!(version(&*store, 3, Some(after)).await, 1);
    let followed = store.changes(Some(made.into()), 1).await;
    assert_eq!(followed, Err(Error::Refused(Refusal::OtherTimeline)));
}
