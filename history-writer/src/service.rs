//! The handle, and what drives the core with I/O.

mod faults;
mod incomplete;
mod keys;
mod logs;
mod off_users;
mod pages;
mod reading;
mod records;
mod refused;
mod retention;
#[cfg(test)]
mod tests;
mod upkeep;
mod users;
mod writer;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{Clock, ErrorChain, Random, Timestamp, UserId, crash};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::metrics::{ERASURES, POINTS};
use crate::{
    ChunkingLimits, DeploymentKeys, Erasure, Log, OwnedLogs, Point, Register, Store, StoreError,
    Survives, TimeRange, TooManyErasures, UserRecord, crash_points,
};
use faults::Faults;
pub use incomplete::Incomplete;
use keys::rewrapping::Rewrapping;
use logs::KnownLogs;
pub use logs::{PEERS_ASKED_MAX, SharedLogs, Unanswered};
use off_users::OffUsers;
pub use pages::Pages;
pub use reading::Track;
use records::{KnownUser, Receipts, Records};
use refused::{Keeping, KnownGaps, Refused};
pub use users::TrackUsers;

/// What movement history is made of.
pub struct Deps {
    /// Takes points, which wait there until they are stored.
    pub log: Arc<dyn Log>,
    /// The logs that this process reads, to store what is in them.
    pub owned: OwnedLogs,
    /// Where chunks are stored.
    pub store: Arc<dyn Store>,
    /// Where keys, erasures and choices of users are.
    pub register: Arc<dyn Register>,
    /// Where processes share store and register: how far the logs of all are.
    pub shared_logs: Option<SharedLogs>,
    /// Wrap the keys of users.
    pub keys: DeploymentKeys,
    /// When chunks are closed.
    pub chunking: ChunkingLimits,
    /// For how many days after they were received points are kept; 0: for ever.
    pub retention_days: u32,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes keys of users, so it must be one for secrets; and spreads retries.
    pub random: Arc<dyn Random>,
}

/// What points survive that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the user turned their history off.
    Nothing,
    /// The log didn't take them, or couldn't say that they are durable: they may be gone with this process.
    Memory,
    /// As much as the log promises ([`History::log_survives`]).
    Log,
}

/// Movement history; cheap to clone.
#[derive(Clone)]
pub struct History {
    shared: Arc<Shared>,
}

struct Shared {
    deps: Deps,
    /// Said once nothing more is to be written.
    stop: watch::Sender<bool>,
    /// What stores, and what looks after the rest.
    tasks: Mutex<Vec<JoinHandle<()>>>,
    off_users: OffUsers,
    faults: Faults,
    gaps: KnownGaps,
    logs: KnownLogs,
    records: Records,
    receipts: Receipts,
    rewrapping: Rewrapping,
}

impl History {
    /// Starts the tasks that store what is in the log and look after the rest, within a tokio runtime. Who turned their history
    /// off is known before it answers, unless the register is away.
    ///
    /// Errs if others can't be told of this process' log: their tracks would lack what is in it, and not say so. And if it can't be
    /// read when what counts was changed last: what comes now must count as received after that.
    pub async fn start(deps: Deps) -> Result<Self, StoreError> {
        let history = Self::idle(deps);
        let shared = &history.shared;
        let register = &*shared.deps.register;
        if let Err(error) = shared.off_users.load(register).await {
            tracing::warn!(error = %ErrorChain(&error), "it isn't known yet whose history is off");
        }
        shared.gaps.note_lost(&shared.deps.owned.now());
        if let Err(error) = shared.gaps.load(register).await {
            tracing::warn!(error = %ErrorChain(&error), "it isn't known yet what history lacks");
        }
        shared.receipts.load(&shared.deps).await?;
        shared.introduce_logs().await?;
        shared.exchange_marks().await?;
        let writing = writer::each_log::run(Arc::clone(shared), shared.stop.subscribe());
        let upkeep = upkeep::run(Arc::clone(shared), shared.stop.subscribe());
        let forgetting = retention::run(Arc::clone(shared), shared.stop.subscribe());
        let tasks = [tokio::spawn(writing), tokio::spawn(upkeep), tokio::spawn(forgetting)];
        shared.tasks.lock().extend(tasks);
        Ok(history)
    }

    fn idle(deps: Deps) -> Self {
        let (stop, tasks) = (watch::Sender::new(false), Mutex::default());
        Self {
            shared: Arc::new(Shared {
                deps,
                stop,
                tasks,
                off_users: OffUsers::default(),
                faults: Faults::default(),
                gaps: KnownGaps::default(),
                logs: KnownLogs::default(),
                records: Records::default(),
                receipts: Receipts::default(),
                rewrapping: Rewrapping::default(),
            }),
        }
    }

    /// The time of receipt of what comes now.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.deps.clock.now().wall
    }

    /// Keeps points of a user. They are handed in at once, also if the answer isn't awaited. What the log doesn't take is noted, so
    /// that tracks say that they lack it ([`Incomplete::Refused`]).
    ///
    /// Of a user who is known to have turned their history off nothing is: no fix waits for that to be looked up. What such a
    /// user sends before this process knows lies in the log, and is judged by its time of receipt when it is stored and read.
    pub fn keep(&self, user: &UserId, points: &[Point]) -> BoxFuture<'static, Kept> {
        self.hand_in(user, points, Refused::Lost)
    }

    /// The same of points that aren't lost if the log doesn't take them: whoever handed them in has them, and hears of it. Nothing is
    /// noted then.
    pub fn import(&self, user: &UserId, points: &[Point]) -> BoxFuture<'static, Kept> {
        self.hand_in(user, points, Refused::Returned)
    }

    fn hand_in(
        &self,
        user: &UserId,
        points: &[Point],
        refused: Refused,
    ) -> BoxFuture<'static, Kept> {
        if self.shared.off_users.contains(user) {
            ::metrics::counter!(POINTS, "kept" => "nothing").increment(points.len() as u64);
            return Box::pin(std::future::ready(Kept::Nothing));
        }
        let points = self.shared.receipts.receive(points);
        let appended = self.shared.deps.log.append(user, &points);
        Box::pin(Keeping::new(&self.shared, &points, refused, appended))
    }

    /// What points of a user survive that the log takes now.
    pub fn log_survives(&self, user: &UserId) -> Survives {
        self.shared.deps.log.survives(user)
    }

    /// Erases what was received until now of a stretch of time, or of all time: it is gone from every answer from then on,
    /// whatever is read from logs again. With all time the user's key is destroyed.
    pub async fn erase(
        &self,
        user: &UserId,
        range: TimeRange,
    ) -> Result<Result<(), TooManyErasures>, StoreError> {
        let (shared, user) = (Arc::clone(&self.shared), user.clone());
        to_the_end(async move { shared.erase(&user, range).await }).await
    }

    /// Turns a user's history off or on. What was received before that counts as it did. This process acts upon it at once,
    /// others when they hear of it: within seconds, and a second more for each thousand users whose history is off. On an error it
    /// may have been turned; the caller repeats it.
    pub async fn set_off(&self, user: &UserId, is_off: bool) -> Result<(), StoreError> {
        let (shared, user) = (Arc::clone(&self.shared), user.clone());
        to_the_end(async move { shared.set_off(&user, is_off).await }).await
    }

    /// What is known of a user's history: what they erased, and when it was off.
    pub async fn record(&self, user: &UserId) -> Result<UserRecord, StoreError> {
        let known = self.shared.known(user).await?;
        Ok(known.record.clone())
    }

    /// Stops storing, and returns when nothing is being stored any more. What isn't stored lies in the log, and is when the
    /// process starts again. Where there are other processes all is stored first, if that takes no more than some seconds: this
    /// one may never come back, and they would wait for it.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.shared.tasks.lock());
        for task in tasks {
            // One that died has nothing more to do.
            let _ = task.await;
        }
        self.shared.leave_logs().await;
    }

    /// What keeps it from working, or kept it when it was tried last, for operators; `None` as far as is known.
    pub fn fault(&self) -> Option<String> {
        let Deps { log, store, register, .. } = &self.shared.deps;
        let told = log.fault().or_else(|| store.fault()).or_else(|| register.fault());
        told.or_else(|| self.shared.faults.last())
    }
}

impl Shared {
    async fn known(&self, user: &UserId) -> Result<Arc<KnownUser>, StoreError> {
        let known = self.records.read(&self.deps, std::slice::from_ref(user)).await?;
        Ok(known.into_iter().next().unwrap_or_default())
    }

    async fn erase(
        &self,
        user: &UserId,
        range: TimeRange,
    ) -> Result<Result<(), TooManyErasures>, StoreError> {
        let Deps { store, register, .. } = &self.deps;
        let erasure = Erasure { range, erased_at: self.change() };
        let (noted, what) = if range == TimeRange::ALL {
            (register.erase_all(user, erasure.erased_at).await.map(Ok), "all")
        } else {
            (register.erase(user, erasure).await, "range")
        };
        self.records.forget(user);
        if let Err(refused) = noted? {
            return Ok(Err(refused));
        }
        crash::point(crash_points::ERASURE_NOTED);
        ::metrics::counter!(ERASURES, "what" => what).increment(1);
        // What stays of it isn't shown.
        store.erase(user, erasure).await?;
        crash::point(crash_points::ERASED);
        Ok(Ok(()))
    }

    /// The moment of a change that is made now.
    fn change(&self) -> Timestamp {
        self.receipts.change(self.deps.clock.now().wall)
    }

    async fn set_off(&self, user: &UserId, is_off: bool) -> Result<(), StoreError> {
        let Self { deps, off_users, .. } = self;
        let _turning = off_users.turning.lock().await;
        let was_off = off_users.contains(user);
        if is_off {
            // What was taken before has an earlier time of receipt, and nothing is taken any more.
            off_users.turn(user, true);
        }
        let turned = deps.register.set_off(user, is_off, self.change()).await;
        self.records.forget(user);
        off_users.turn(user, if turned.is_ok() { is_off } else { was_off });
        turned
    }
}

/// Does something to the end, also if nobody waits for it any more: what is remembered of the register must change with it.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| {
        Err(StoreError::unavailable("a change of movement history ended early").caused_by(error))
    })
}
