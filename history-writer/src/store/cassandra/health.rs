use std::sync::Arc;
use std::time::Duration;

use model::ErrorChain;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::Shared;

/// The pause between two looks at the database.
const PAUSE: Duration = Duration::from_secs(1);

/// What keeps the database from working, as of the last look.
#[derive(Default)]
pub(super) struct Health {
    fault: Mutex<Option<String>>,
}

impl Health {
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
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

/// Looks at the database again and again: whether as many copies answer as must.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let looked = shared.look().await;
        shared.health.note(looked.err().map(|error| ErrorChain(&error).to_string()));
        sleep(PAUSE).await;
    }
}
