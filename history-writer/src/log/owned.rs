use std::sync::Arc;

use tokio::sync::watch;

use super::LogReader;
use crate::LogId;

/// A log that this process reads until all of it is stored.
#[derive(Clone)]
pub struct OwnedLog {
    /// Which one.
    pub id: LogId,
    /// It.
    pub log: Arc<dyn LogReader>,
}

/// The logs that this process reads, which may come and go where processes share them.
#[derive(Clone)]
pub struct OwnedLogs(watch::Receiver<Arc<[OwnedLog]>>);

impl OwnedLogs {
    /// One, for good.
    pub fn only(id: LogId, log: Arc<dyn LogReader>) -> Self {
        Self(watch::Sender::new(Arc::from([OwnedLog { id, log }])).subscribe())
    }

    /// None, ever: others read what this process appends.
    pub fn none() -> Self {
        Self(watch::Sender::new(Arc::default()).subscribe())
    }

    /// Those that whoever holds the other end says.
    pub fn new(told: watch::Receiver<Arc<[OwnedLog]>>) -> Self {
        Self(told)
    }

    /// They, as they are now.
    pub fn now(&self) -> Arc<[OwnedLog]> {
        Arc::clone(&self.0.borrow())
    }

    /// Waits until they aren't what was seen last; forever, if they never change again.
    pub(crate) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// They, as they are now, so that only another change is one.
    pub(crate) fn seen(&mut self) -> Arc<[OwnedLog]> {
        Arc::clone(&self.0.borrow_and_update())
    }
}
