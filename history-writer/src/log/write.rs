//! Writes, and whoever waits for them.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::LogError;
use crate::LogPosition;

/// One write, for which all wait whose points are in it.
#[derive(Debug, Default)]
pub(super) struct Write {
    /// The position of its first point, once it is durable.
    outcome: OnceLock<Result<u64, LogError>>,
    done: Notify,
}

impl Write {
    pub(super) fn answer(&self, outcome: Result<u64, LogError>) {
        // The first outcome counts.
        let _ = self.outcome.set(outcome);
        self.done.notify_waiters();
    }
}

/// A write that somebody waits for: also if it is dropped they are answered.
#[derive(Debug)]
pub(super) struct Unanswered(Arc<Write>);

impl Unanswered {
    /// Whoever waits for this write is answered by it.
    pub(super) fn new(write: Arc<Write>) -> Self {
        Self(write)
    }

    /// Answers all who wait.
    pub(super) fn answer(self, outcome: Result<u64, LogError>) {
        self.0.answer(outcome);
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.answer(Err(LogError::Stopped("a fault of ours ended a write halfway".into())));
    }
}

/// Points that were handed in.
#[derive(Debug)]
pub(super) struct HandedIn {
    write: Arc<Write>,
    /// How many points of the write come before the last of them.
    before: u64,
}

impl HandedIn {
    /// Of a write in which so many points come before the last of them.
    pub(super) fn new(write: &Arc<Write>, before: u64) -> Self {
        Self { write: Arc::clone(write), before }
    }

    /// Waits until they are durable; answers with the position of the last one.
    pub(super) async fn durable(self) -> Result<LogPosition, LogError> {
        // Made before the outcome is looked at, it can't miss that the write is done.
        let done = self.write.done.notified();
        if self.write.outcome.get().is_none() {
            done.await;
        }
        let outcome = self.write.outcome.get().expect("a write that is done has an outcome");
        outcome.clone().map(|first| LogPosition(first + self.before))
    }
}
