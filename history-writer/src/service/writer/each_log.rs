//! A writer for each log that this process reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Shared, Writer};
use crate::{LogId, LogReader, OwnedLog};

/// One that is at work.
struct Running {
    log: Arc<dyn LogReader>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Goes on until it is stopped, and then until nothing is being stored any more.
pub(in crate::service) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut owned = shared.deps.owned.clone();
    let mut running: BTreeMap<LogId, Running> = BTreeMap::new();
    while !*stop.borrow_and_update() {
        let logs = owned.seen();
        let is_same = |id: &LogId, it: &Running| {
            logs.iter().any(|owned| owned.id == *id && Arc::ptr_eq(&owned.log, &it.log))
        };
        for (_, gone) in running.extract_if(.., |id, it| !is_same(id, it)) {
            // It ends by itself; what it does until then counts for nothing, or is what the next one would do.
            gone.stop.send_replace(true);
        }
        for OwnedLog { id, log } in logs.iter() {
            running.entry(*id).or_insert_with(|| start(&shared, log));
        }
        tokio::select! {
            () = owned.changed() => {}
            _ = stop.changed() => {}
        }
    }
    for writer in running.values() {
        writer.stop.send_replace(true);
    }
    for writer in running.into_values() {
        // One that died has nothing more to do.
        let _ = writer.task.await;
    }
}

fn start(shared: &Arc<Shared>, log: &Arc<dyn LogReader>) -> Running {
    let (stop, stopped) = watch::channel(false);
    let writer = Writer::new(Arc::clone(shared), Arc::clone(log));
    Running { log: Arc::clone(log), stop, task: tokio::spawn(writer.run(stopped)) }
}
