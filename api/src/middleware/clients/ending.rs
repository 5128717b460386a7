use std::future::poll_fn;
use std::sync::OnceLock;
use std::task::Poll;

use futures_util::task::AtomicWaker;

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has lost its place to another one.
    CrowdedOut,
    /// The listener takes no more requests.
    Stop,
}

/// Tells the task of a connection that it has to end.
///
/// That task looks here at each of its turns, so at every request: it costs less than anything that several tasks may wait for.
#[derive(Debug, Default)]
pub(super) struct Ending {
    why: OnceLock<End>,
    task: AtomicWaker,
}

impl Ending {
    /// The first reason counts.
    pub(super) fn tell(&self, end: End) {
        if self.why.set(end).is_ok() {
            self.task.wake();
        }
    }

    /// Waits until it has to end.
    pub(super) async fn told(&self) -> End {
        poll_fn(|waking| {
            self.task.register(waking.waker());
            self.why.get().map_or(Poll::Pending, |end| Poll::Ready(*end))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_hears_of_it_and_the_first_reason_counts() {
        let ending = Arc::new(Ending::default());
        let waiting = tokio::spawn({
            let ending = ending.clone();
            async move { ending.told().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        ending.tell(End::CrowdedOut);
        ending.tell(End::Stop);
        assert_eq!(waiting.await.expect("it ends"), End::CrowdedOut);
        assert_eq!(ending.told().await, End::CrowdedOut);
    }
}
