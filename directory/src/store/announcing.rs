use std::fmt;
use std::future::{Future, ready};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use model::{ReadToken, UserId};
use parking_lot::RwLock;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::unconstrained;
use tokio::time::timeout;

use crate::{CircleChange, CircleEdit};

/// How long what a listener publishes may delay the answer to a mutation.
pub const PUBLISH_WAIT_MAX: Duration = Duration::from_millis(250);

/// What a listener is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A transaction of this process changed circles.
    Committed {
        /// The timeline in which the positions are.
        timeline: u64,
        /// What it changed, in order and without gaps; never empty.
        changes: Vec<CircleChange>,
    },
    /// A transaction of this process, whose answer never came, may have changed the circles of these users or may yet:
    /// read them again. If it did, the feed has its changes.
    Doubtful(Vec<UserId>),
}

/// Who is told of what this process changed.
///
/// It is called in the order of commits, in the middle of a commit's end, so it must not block, nor call the directory.
/// The future that it returns, such as of telling other processes, is awaited before the mutation is answered, but not
/// longer than [`PUBLISH_WAIT_MAX`]: then it is dropped.
pub type Listener = Box<dyn Fn(&Change) -> BoxFuture<'static, ()> + Send + Sync>;

/// Where a store announces changes.
///
/// A call, not a queue: when a mutation is answered, whoever listens in this process knows already. A queue would let an
/// answered block and the next position pass each other.
#[derive(Default)]
pub(crate) struct Announcer {
    listeners: RwLock<Vec<Listener>>,
    /// Held by whoever announces; those who wait for it get it in the order in which they came.
    turns: Mutex<()>,
}

impl fmt::Debug for Announcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announcer")
    }
}

impl Announcer {
    /// One more listener, for as long as the store lives.
    pub(crate) fn listen(&self, listener: Listener) {
        self.listeners.write().push(listener);
    }

    /// The next turn to announce. The place in the queue is taken by this call, not by waiting for it: a transaction
    /// takes it when it has its positions and before it commits, so that turns come in the order of positions.
    pub(crate) fn take_turn(&self) -> impl Future<Output = MutexGuard<'_, ()>> + Send {
        // Unconstrained, for else tokio may put the first look off, and with it the place.
        let mut turn = Box::pin(unconstrained(self.turns.lock()));
        let first = (&mut turn).now_or_never();
        async move {
            match first {
                Some(turn) => turn,
                None => turn.await,
            }
        }
    }

    /// Tells all listeners; answers with what they publish.
    fn announce(&self, change: &Change) -> BoxFuture<'static, ()> {
        let listeners = self.listeners.read();
        let publishing = join_all(listeners.iter().map(|listener| listener(change)));
        Box::pin(async move {
            if timeout(PUBLISH_WAIT_MAX, publishing).await.is_err() {
                // While a server is away it is so with every change; that is said elsewhere, once.
                tracing::debug!(
                    "publishing a change takes too long; others hear of it by the feed"
                );
            }
        })
    }
}

/// Nothing to be published.
pub(crate) fn nothing() -> BoxFuture<'static, ()> {
    Box::pin(ready(()))
}

/// Stands for a commit whose answer hasn't come. Dropped without one, be it by an error or since nobody waits any
/// longer, it announces that the change may have happened.
pub(crate) struct PendingNotices<'a> {
    announcer: &'a Announcer,
    edits: Vec<CircleEdit>,
}

impl<'a> PendingNotices<'a> {
    /// A commit that is about to be asked for, and what it changes.
    pub(crate) fn new(announcer: &'a Announcer, edits: Vec<CircleEdit>) -> Self {
        Self { announcer, edits }
    }

    /// The answer has come: it happened, and led to this state, if it changed any circle. Answers with what the listeners
    /// publish.
    pub(crate) fn settle(mut self, state: Option<ReadToken>) -> BoxFuture<'static, ()> {
        let Some(state) = state else { return nothing() };
        let edits = std::mem::take(&mut self.edits);
        let changes = CircleChange::up_to(state.position, edits);
        self.announcer.announce(&Change::Committed { timeline: state.timeline, changes })
    }
}

impl Drop for PendingNotices<'_> {
    fn drop(&mut self) {
        let mut users: Vec<UserId> =
            self.edits.iter().flat_map(CircleEdit::users).cloned().collect();
        if users.is_empty() {
            return;
        }
        users.sort_unstable();
        users.dedup();
        let publishing = self.announcer.announce(&Change::Doubtful(users));
        // Nobody is left to wait for it; without a runtime, at the process' end, nobody is left to hear of it either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(publishing);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use model::FeedPosition;
    use model::ViewerClass;

    use super::*;

    fn id(name: &str) -> UserId {
        UserId::parse(name).expect("an id")
    }

    fn friends(low: &str, high: &str) -> CircleEdit {
        let class = Some(ViewerClass::Precise);
        CircleEdit::Pair { low: id(low), high: id(high), class }
    }

    /// What is announced.
    fn announcer() -> (Announcer, Receiver<Change>) {
        let (heard, announcements) = channel();
        let announcer = Announcer::default();
        announcer.listen(Box::new(move |change| {
            drop(heard.send(change.clone()));
            nothing()
        }));
        (announcer, announcements)
    }

    #[test]
    fn an_answered_change_is_announced_once_with_its_positions() {
        let (announcer, announcements) = announcer();
        let edits = vec![friends("alice", "bob"), friends("bob", "carol")];
        let state = ReadToken { timeline: 3, position: FeedPosition(9) };
        drop(PendingNotices::new(&announcer, edits.clone()).settle(Some(state)));
        let changes = edits.into_iter().zip(8..);
        let changes = changes
            .map(|(what, position)| CircleChange { position: FeedPosition(position), what })
            .collect();
        assert!(announcements.try_iter().eq([Change::Committed { timeline: 3, changes }]));
    }

    #[test]
    fn a_change_without_an_answer_is_announced_as_doubtful_with_each_user_once() {
        let (announcer, announcements) = announcer();
        drop(PendingNotices::new(
            &announcer,
            vec![friends("alice", "bob"), friends("alice", "carol")],
        ));
        let users = ["alice", "bob", "carol"].map(id).to_vec();
        assert!(announcements.try_iter().eq([Change::Doubtful(users)]));
    }

    #[test]
    fn a_commit_that_changes_no_circle_is_never_announced() {
        let (announcer, announcements) = announcer();
        drop(PendingNotices::new(&announcer, vec![]));
        drop(PendingNotices::new(&announcer, vec![]).settle(None));
        assert_eq!(announcements.try_iter().count(), 0);
    }

    #[tokio::test]
    async fn turns_come_in_the_order_in_which_they_were_taken_whoever_waits_first() {
        let announcer = Announcer::default();
        let (one, two, three) =
            (announcer.take_turn(), announcer.take_turn(), announcer.take_turn());
        let order = parking_lot::Mutex::new(Vec::new());
        let (one, two, three) =
            (note(one, &order, 1), note(two, &order, 2), note(three, &order, 3));
        join_all([three.boxed(), two.boxed(), one.boxed()]).await;
        assert_eq!(*order.lock(), [1, 2, 3]);
    }

    async fn note(
        turn: impl Future<Output = MutexGuard<'_, ()>>,
        order: &parking_lot::Mutex<Vec<u32>>,
        number: u32,
    ) {
        let _turn = turn.await;
        order.lock().push(number);
    }
}
