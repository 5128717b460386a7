use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::ErrorChain;
use scylla::client::session::Session;
use tokio::time::sleep;

use super::Shared;

/// The pause between two looks at the database: no node starts as fast as that.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at the database again and again: whether nodes are gone that were there, and as many copies answer as must.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut there = HashSet::new();
    loop {
        let now = connected(&shared.session);
        let gone: Vec<_> = there.difference(&now).collect();
        if !gone.is_empty() {
            tracing::warn!(nodes = ?gone, "nodes of the database of movement history are gone");
            shared.outages.fetch_add(1, Ordering::AcqRel);
        }
        there = now;
        let looked = shared.look().await;
        shared.fault.note(looked.err().map(|error| ErrorChain(&error).to_string()));
        sleep(PAUSE).await;
    }
}

/// The nodes to which there are connections.
fn connected(session: &Session) -> HashSet<String> {
    let state = session.get_cluster_state();
    let nodes = state.get_nodes_info().iter().filter(|node| node.is_connected());
    nodes.map(|node| node.address.to_string()).collect()
}
