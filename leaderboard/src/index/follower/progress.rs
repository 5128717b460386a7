use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sql::StoreError;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::index::watchers::Watchers;
use crate::{BoardNumber, BoardPosition, Error, LogId};

/// How long anybody waits for an index.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How far an index has come with each board, as far as this process knows: between whoever asks the index and whoever
/// follows the log for it.
#[derive(Debug)]
pub(in crate::index) struct Progress {
    boards: Mutex<HashMap<BoardNumber, watch::Sender<Reached>>>,
    requests: Mutex<Requests>,
    wake: Notify,
    fault: Mutex<Option<String>>,
    log: Mutex<Option<LogId>>,
    watchers: Arc<Watchers>,
}

/// What the follower is asked to see to.
#[derive(Debug, Default)]
struct Requests {
    /// Boards that have come to such a position in the log.
    wanted: HashMap<BoardNumber, BoardPosition>,
    /// Boards of which the index doesn't have what it should.
    doubted: HashSet<BoardNumber>,
    /// Boards that are to be built anew, and who waits for it.
    rebuilds: Vec<(BoardNumber, RebuildRequest)>,
}

/// Tells whoever asked for a board to be built anew what came of it.
pub(super) type RebuildRequest = oneshot::Sender<Result<(), Error>>;

/// Where an index is with a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// It isn't known since then, and nothing is answered.
    Unknown(Instant),
    /// It was there at least once, so it may not be behind that.
    At(BoardPosition),
}

impl Progress {
    /// Of an index of which nothing is known, that tells these watchers.
    pub(in crate::index) fn new(watchers: Arc<Watchers>) -> Self {
        Self {
            boards: Mutex::default(),
            requests: Mutex::default(),
            wake: Notify::new(),
            fault: Mutex::default(),
            log: Mutex::default(),
            watchers,
        }
    }

    /// Completes once the index has come to a position of a board; errs if that takes too long, or at once while it is away.
    pub(in crate::index) async fn reach(
        &self,
        board: BoardNumber,
        position: BoardPosition,
    ) -> Result<(), Error> {
        let mut reached = self.receiver(board);
        let is_there = |reached: &Reached| matches!(reached, Reached::At(at) if *at >= position);
        if is_there(&reached.borrow()) {
            return Ok(());
        }
        self.want(board, position);
        self.check()?;
        let waiting = reached.wait_for(is_there);
        match timeout_at(Instant::now() + WAIT_MAX, waiting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(unavailable("the board was deleted")),
            Err(_) => Err(unavailable("the index is behind the log")),
        }
    }

    /// Has a board built anew; completes when that is done.
    pub(in crate::index) async fn rebuild(&self, board: BoardNumber) -> Result<(), Error> {
        self.check()?;
        let (request, done) = oneshot::channel();
        self.requests.lock().rebuilds.push((board, request));
        self.wake.notify_one();
        done.await.unwrap_or_else(|_| Err(unavailable("what was being built is of no more use")))
    }

    /// The position that answers about a board may not be behind of; errs if that isn't known and doesn't get known soon.
    pub(in crate::index) async fn current(
        &self,
        board: BoardNumber,
    ) -> Result<BoardPosition, Error> {
        let mut receiver = self.receiver(board);
        let reached = *receiver.borrow();
        let since = match reached {
            Reached::At(position) => return Ok(position),
            Reached::Unknown(since) => since,
        };
        self.want(board, BoardPosition(0));
        self.check()?;
        let waiting = receiver.wait_for(|reached| matches!(reached, Reached::At(_)));
        match timeout_at(since + WAIT_MAX, waiting).await.map(|it| it.map(|it| *it)) {
            Ok(Ok(Reached::At(position))) => Ok(position),
            Ok(_) => Err(unavailable("the board was deleted")),
            Err(_) => Err(unavailable("the index is being rebuilt")),
        }
    }

    /// Whether this is the log that is followed now.
    pub(in crate::index) fn is_log(&self, log: LogId) -> bool {
        *self.log.lock() == Some(log)
    }

    /// The position that answers about a board aren't behind of, as far as is known.
    pub(in crate::index) fn position(&self, board: BoardNumber) -> BoardPosition {
        match *self.receiver(board).borrow() {
            Reached::At(position) => position,
            Reached::Unknown(_) => BoardPosition(0),
        }
    }

    /// Whoever watches a board, which has come to this position at least.
    pub(in crate::index) fn watch(&self, board: BoardNumber) -> watch::Receiver<BoardPosition> {
        self.watchers.watch(board, self.position(board))
    }

    /// The index has come to this position of a board.
    pub(in crate::index) fn reached(&self, board: BoardNumber, position: BoardPosition) {
        let is_news = self.sender(board, |sender| {
            sender.send_if_modified(|reached| match reached {
                Reached::At(at) if *at >= position => false,
                _ => {
                    *reached = Reached::At(position);
                    true
                }
            })
        });
        if is_news {
            self.watchers.tell(board, position);
        }
    }

    /// An answer about a board was as of this position: none of an earlier one is believed any more.
    pub(in crate::index) fn seen(&self, board: BoardNumber, position: BoardPosition) {
        let is_later = |reached: &mut Reached| match reached {
            Reached::At(at) if *at < position => {
                *at = position;
                true
            }
            // What was answered before something may have been lost says nothing of what is there now.
            Reached::At(_) | Reached::Unknown(_) => false,
        };
        if self.sender(board, |sender| sender.send_if_modified(is_later)) {
            self.watchers.tell(board, position);
        }
    }

    /// The index doesn't have what it should of a board: the follower looks, and nothing is answered until then.
    pub(in crate::index) fn doubt(&self, board: BoardNumber) {
        self.unsettle(board);
        self.requests.lock().doubted.insert(board);
        self.wake.notify_one();
    }

    /// Nothing is answered of a board before it has come to where its log is now.
    pub(in crate::index) fn unsettle(&self, board: BoardNumber) {
        if self.sender(board, unknown) {
            self.watchers.tell(board, BoardPosition(0));
        }
    }

    /// The same of all boards.
    pub(in crate::index) fn unsettle_all(&self) {
        self.boards.lock().values().for_each(|sender| {
            unknown(sender);
        });
        self.watchers.tell_all();
    }

    /// What keeps the index away.
    pub(in crate::index) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    /// Errs while the index is away.
    fn check(&self) -> Result<(), Error> {
        self.fault().map_or(Ok(()), |fault| Err(unavailable(&fault)))
    }

    /// This is the log that is followed from now on.
    pub(super) fn follow(&self, log: LogId) {
        *self.log.lock() = Some(log);
    }

    pub(super) fn well(&self) {
        *self.fault.lock() = None;
    }

    /// Whoever watches a board is told that, too: they see that there is no answer.
    pub(super) fn failed(&self, why: String) {
        if self.fault.lock().replace(why).is_none() {
            self.watchers.tell_all();
        }
    }

    /// A board is gone: whoever watches it is told by the end of that.
    pub(in crate::index) fn remove(&self, board: BoardNumber) {
        self.boards.lock().remove(&board);
        self.watchers.forget(board);
    }

    /// Completes when there is something to be seen to.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn take_wanted(&self) -> HashMap<BoardNumber, BoardPosition> {
        std::mem::take(&mut self.requests.lock().wanted)
    }

    pub(super) fn take_rebuilds(&self) -> Vec<(BoardNumber, RebuildRequest)> {
        std::mem::take(&mut self.requests.lock().rebuilds)
    }

    pub(super) fn has_doubts(&self) -> bool {
        !self.requests.lock().doubted.is_empty()
    }

    pub(super) fn take_doubted(&self) -> HashSet<BoardNumber> {
        std::mem::take(&mut self.requests.lock().doubted)
    }

    fn want(&self, board: BoardNumber, position: BoardPosition) {
        let mut requests = self.requests.lock();
        let wanted = requests.wanted.entry(board).or_default();
        *wanted = position.max(*wanted);
        drop(requests);
        self.wake.notify_one();
    }

    fn receiver(&self, board: BoardNumber) -> watch::Receiver<Reached> {
        self.sender(board, watch::Sender::subscribe)
    }

    fn sender<T>(&self, board: BoardNumber, with: impl FnOnce(&watch::Sender<Reached>) -> T) -> T {
        let mut boards = self.boards.lock();
        let new = || watch::Sender::new(Reached::Unknown(Instant::now()));
        with(boards.entry(board).or_insert_with(new))
    }
}

/// Whether it was known before.
fn unknown(sender: &watch::Sender<Reached>) -> bool {
    sender.send_if_modified(|reached| {
        let was_known = matches!(reached, Reached::At(_));
        if was_known {
            *reached = Reached::Unknown(Instant::now());
        }
        was_known
    })
}

fn unavailable(why: &str) -> Error {
    StoreError::unavailable(why).into()
}
