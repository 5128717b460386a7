use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join_all;
use proximity::Error;
use proximity::postgres::PostgresStore;
use tokio::task::JoinHandle;

use super::world::{try_read, until};

/// Readers at a time.
const READERS: usize = 8;

/// Reads of one business, by many at a time, until they are told to stop; none may fail or miss it.
pub(crate) struct Readers {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Result<(), Error>>>,
}

impl Readers {
    pub(crate) fn start(store: &Arc<PostgresStore>, number: u64) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let reader = |_| {
            let (store, stop, done) = (Arc::clone(store), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let found = try_read(&*store, number, None).await?;
                    assert_eq!(found.map(|business| business.version), Some(1));
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        };
        let tasks = (0..READERS).map(reader).collect();
        Self { stop, done, tasks }
    }

    /// Waits until many more reads are done.
    pub(crate) async fn go_on(&self) {
        let wanted = self.done.load(Ordering::Relaxed) + 500;
        until("reads go on", async || {
            let failed = self.tasks.iter().any(JoinHandle::is_finished);
            failed || self.done.load(Ordering::Relaxed) >= wanted
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for ended in join_all(self.tasks).await {
            ended.expect("reads what was written").expect("a healthy server answers");
        }
    }
}
