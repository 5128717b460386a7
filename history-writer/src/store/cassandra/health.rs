use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::ErrorChain;
use parking_lot::Mutex;
use scylla::client::session::Session;
use tokio::time::sleep;

use super::Shared;

/// The pause between two looks at the database: no node starts as fast as that.
const PAUSE: Duration = Duration::from_secs(1);

/// What keeps the database from working, as of the last look, and how often one of its nodes was gone.
#[derive(Default)]
pub(super) struct Health {
    fault: Mutex<Option<String>>,
    outages: AtomicU64,
}

impl Health {
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    pub(super) fn outages(&self) -> u64 {
        self.outages.load(Ordering::Acquire)
    }

    /// Says so when it goes away, and when it comes back.
    fn note(&self, fault: Option<String>) {
        let mut known = self.fault.lock();
        if known.is_none() != fault.is_none() {
            if let Some(why) = &fault {
                tracing::warn!(why, "the database of movement history is away");
            } else {
                tracing::info!("the database of movement history is back");
            }
        }
        *known = fault;
    }
}

/// Looks at the database again and again: whether nodes are gone that were there, and as many copies answer as must.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut there = HashSet::new();
    loop {
        let now = connected(&shared.session);
        let gone: Vec<_> = there.difference(&now).collect();
        if !gone.is_empty() {
            tracing::warn!(nodes = ?gone, "nodes of the database of movement history are gone");
            shared.health.outages.fetch_add(1, Ordering::AcqRel);
        }
        there = now;
        let looked = shared.look().await;
        shared.health.note(looked.err().map(|error| ErrorChain(&error).to_string()));
        sleep(PAUSE).await;
    }
}

/// The nodes to which there are connections.
fn connected(session: &Session) -> HashSet<String> {
    let state = session.get_cluster_state();
    let nodes = state.get_nodes_info().iter().filter(|node| node.is_connected());
    nodes.map(|node| node.address.to_string()).collect()
}
