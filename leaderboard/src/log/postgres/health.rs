use std::sync::Arc;
use std::time::Duration;

use model::ErrorChain;
use parking_lot::Mutex;
use sql::postgres::{HealthProbe, ReadFrom};
use tokio::time::sleep;

use super::{FEED, Shared};

/// The pause between two looks at the server.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the server may take to answer a look, or to let us in for one.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// What keeps the server from working, as of the last look.
#[derive(Default)]
pub(super) struct Health {
    fault: Mutex<Option<String>>,
}

impl Health {
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    fn note(&self, fault: Option<String>) {
        let before = std::mem::replace(&mut *self.fault.lock(), fault.clone());
        match (before, fault) {
            (None, Some(why)) => tracing::warn!(why, "the database of leaderboards is away"),
            (Some(_), None) => tracing::info!("the database of leaderboards is back"),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

/// Looks at the server again and again. After a promotion the first look begins another timeline.
pub(super) async fn run(shared: Arc<Shared>) {
    let primary = Arc::clone(&shared.primary);
    let mut probe = HealthProbe::new(primary, ReadFrom::Primary, LOOK_TIMEOUT);
    loop {
        let looked = probe.ask(|connection| Box::pin(FEED.read_primary(connection))).await;
        match looked {
            Ok(state) => {
                shared.note_timeline(state.timeline);
                shared.health.note(None);
            }
            Err(away) => shared.health.note(Some(ErrorChain(&away.why).to_string())),
        }
        sleep(PAUSE).await;
    }
}
