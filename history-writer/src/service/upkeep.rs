//! What is looked at again and again, whether points come or not.

use std::sync::Arc;
use std::time::Duration;

use model::ErrorChain;
use tokio::sync::watch;
use tokio::time::sleep;

use super::Shared;

/// How often another page of the users is read whose history is off.
const WALK: Duration = Duration::from_secs(1);

/// Goes on until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        if let Err(error) = shared.off_users.walk(&*shared.deps.register).await {
            tracing::debug!(error = %ErrorChain(&error), "it isn't known anew whose history is off");
        }
        tokio::select! {
            () = sleep(WALK) => {}
            _ = stop.changed() => {}
        }
    }
}
