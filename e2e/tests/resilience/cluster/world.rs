use std::ops::Deref;
use std::ops::DerefMut;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::{LISBON, Place, north_of};
use tokio::sync::RwLockReadGuard;
use tokio::time::{Instant, sleep};

use crate::resilience::machine::beside_others;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// So many metres north of Lisbon, in as few digits as phones send: every reader of JSON keeps them as they are.
pub(crate) fn metres_north(metres: f64) -> Place {
    let (latitude, longitude) = north_of(LISBON, metres);
    ((latitude * 1e7).round() / 1e7, longitude)
}

/// A cluster for a few people.
pub(crate) struct Small {
    cluster: Cluster,
    _machine: RwLockReadGuard<'static, ()>,
}

impl Small {
    pub(crate) async fn start(gateways: usize, shards: usize) -> Self {
        Self::start_with(gateways, shards, "").await
    }

    pub(crate) async fn start_with(gateways: usize, shards: usize, settings: &str) -> Self {
        let machine = beside_others().await;
        let cluster = Cluster::start_with(gateways, shards, settings).await;
        Self { cluster, _machine: machine }
    }

    pub(crate) async fn start_on_lines(gateways: usize, shards: usize, settings: &str) -> Self {
        let machine = beside_others().await;
        let cluster = Cluster::start_on_lines(gateways, shards, settings).await;
        Self { cluster, _machine: machine }
    }
}

impl Deref for Small {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl DerefMut for Small {
    fn deref_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }
}

/// Waits until it holds; answers how long that took, or `None` if it doesn't within this time.
pub(crate) async fn holds_within(
    longest: Duration,
    mut condition: impl FnMut() -> bool,
) -> Option<Duration> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > longest {
            return None;
        }
        sleep(LOOK).await;
    }
    Some(began.elapsed())
}

/// Waits until it holds, with a deadline.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + e2e::DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        sleep(LOOK).await;
    }
}
