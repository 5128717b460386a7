//! The handle, and what drives the core with I/O.

mod circles;
mod names;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{Clock, ReadToken, Timestamp, UserId};
use quick_cache::sync::Cache;
use sql::{CommitMetrics, Committed, GroupCommit};

use crate::metrics::{COMMIT_DURATION, COMMIT_MUTATIONS, MUTATIONS};
use crate::{
    Applied, BATCH_MAX, Change, Changes, Config, DisplayName, Entry, Error, FeedGap, Friend,
    Limits, List, Mutation, Outcome, Refusal, Relation, Store, User, Verb, WriteRequest,
};
use circles::CircleReader;
pub use circles::{CIRCLE_WAIT_MAX, CIRCLES_WAITING_MAX};
use names::Names;
pub use names::{NAME_AGE_MS_MAX, NAMES_REMEMBERED_MAX};

/// Users of whom it is remembered that they exist, so that their requests needn't ask the store; some 10 MB.
pub const KNOWN_USERS_MAX: usize = 100_000;

/// Whom a user may see, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// The state of the feed that this is: changes behind it change it.
    pub as_of: ReadToken,
    /// Whether the user exists; who doesn't sees nobody.
    pub exists: bool,
    /// The user's radius, metres: their own or the deployment's.
    pub radius_m: u32,
    /// All of their friends, in the order of ids.
    pub friends: Vec<Friend>,
}

/// The directory; cheap to clone.
#[derive(Clone)]
pub struct Directory {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    config: Config,
    writer: GroupCommit<WriteRequest, Outcome, Error>,
    circles: CircleReader,
    // Users are never deleted, so what is remembered stays right.
    known: Cache<UserId, ()>,
    names: Names,
}

impl Directory {
    /// Starts the tasks that commit and that read circles, within a tokio runtime.
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, config: Config) -> Self {
        let writer = start_writer(Arc::clone(&store), config.limits());
        let circles = CircleReader::start(Arc::clone(&store));
        let (known, names) = (Cache::new(KNOWN_USERS_MAX), Names::new(store.is_shared()));
        Self { shared: Arc::new(Shared { store, clock, config, writer, circles, known, names }) }
    }

    /// Makes sure that somebody who came with a valid token exists.
    pub async fn ensure_user(&self, user: &UserId) -> Result<(), Error> {
        if self.shared.known.get(user).is_some() {
            return Ok(());
        }
        // Read first: whoever exists gets in even while nothing can be written.
        if self.user(user).await?.is_none() {
            let made = self.submit(Mutation::Ensure { user: user.clone() }).await;
            self.shared.names.forget(user);
            made?;
        }
        self.remember(user);
        Ok(())
    }

    /// Makes a user, or renames one.
    pub async fn put_user(&self, user: &UserId, name: DisplayName) -> Result<Outcome, Error> {
        let put = self.submit(Mutation::Put { user: user.clone(), name }).await;
        // Also after an error: it may have been done.
        self.shared.names.forget(user);
        put
    }

    /// Sets a user's radius in metres; `None` is back to the deployment's.
    pub async fn set_radius(&self, user: &UserId, radius_m: Option<u32>) -> Result<Outcome, Error> {
        let Config { radius_m_min: min_m, radius_m_max: max_m, .. } = self.shared.config;
        if radius_m.is_some_and(|metres| !(min_m..=max_m).contains(&metres)) {
            return Err(Refusal::Radius { min_m, max_m }.into());
        }
        self.submit(Mutation::SetRadius { user: user.clone(), radius_m }).await
    }

    /// What `user` does about `other`. Whether they exist or block doesn't show, but where both must exist: for
    /// [`Verb::Befriend`].
    pub async fn relate(
        &self,
        verb: Verb,
        user: &UserId,
        other: &UserId,
    ) -> Result<Outcome, Error> {
        self.submit(Mutation::Relate { verb, user: user.clone(), other: other.clone() }).await
    }

    /// What is known of a user.
    pub async fn user(&self, user: &UserId) -> Result<Option<User>, Error> {
        let found = self.shared.store.users(std::slice::from_ref(user)).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// How `user` stands to `other`. For deciding, not for showing: see [`Relation::visible`].
    pub async fn relation(&self, user: &UserId, other: &UserId) -> Result<Relation, Error> {
        let found = self.shared.store.relations(&[(user.clone(), other.clone())]).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// How `user` stands to each of these, in this order; for showing.
    pub async fn relations(
        &self,
        user: &UserId,
        others: &[UserId],
    ) -> Result<Vec<Relation>, Error> {
        let pairs: Vec<_> = others.iter().map(|other| (user.clone(), other.clone())).collect();
        let mut relations = Vec::with_capacity(pairs.len());
        for some in pairs.chunks(BATCH_MAX) {
            relations.extend(self.shared.store.relations(some).await?);
        }
        Ok(relations.into_iter().map(Relation::visible).collect())
    }

    /// Part of one of a user's lists: see [`Store::page`].
    pub async fn page(
        &self,
        list: List,
        owner: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.shared.store.page(list, owner, after, limit).await
    }

    /// Whom a user may see, and how far, as it is now or later. Whoever asks at the same moment shares a statement.
    pub async fn circle(&self, user: &UserId) -> Result<Circle, Error> {
        let (as_of, stored) = self.shared.circles.read(user.clone()).await?;
        if stored.exists {
            self.remember(user);
        }
        let radius_m = self.radius_m(stored.radius_m);
        Ok(Circle { as_of, exists: stored.exists, radius_m, friends: stored.friends })
    }

    /// A part of the feed: see [`Store::changes`].
    pub async fn changes(
        &self,
        after: ReadToken,
        limit: usize,
    ) -> Result<Result<Changes, FeedGap>, Error> {
        self.shared.store.changes(after, limit).await
    }

    /// Forgets the oldest changes: see [`Store::forget_changes`].
    pub async fn forget_changes(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        self.shared.store.forget_changes(before, limit).await
    }

    /// The state of the feed, and what the store's clock says.
    pub async fn state(&self) -> Result<(ReadToken, Timestamp), Error> {
        self.shared.store.state().await
    }

    /// Tells what this process changes from now on (see [`Store::listen`]). Listen first, then read circles.
    pub fn listen(
        &self,
        listener: impl Fn(&Change) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) {
        self.shared.store.listen(Box::new(listener));
    }

    /// How far somebody sees who chose this radius, or none: see [`Config::radius_m`].
    pub fn radius_m(&self, chosen_m: Option<u32>) -> u32 {
        self.shared.config.radius_m(chosen_m)
    }

    /// Completes when the directory can no longer change anything, by a fault: a reason to be not ready.
    pub async fn stopped(&self) {
        self.shared.writer.stopped().await;
    }

    /// What keeps the directory from working now, for operators (see [`Store::fault`]): a reason to be not ready.
    pub fn fault(&self) -> Option<String> {
        self.shared.store.fault()
    }

    /// How far this process' clock is ahead of the store's: see [`Store::clock_offset_ms`].
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.shared.store.clock_offset_ms()
    }

    fn remember(&self, user: &UserId) {
        // To look is cheaper than to write, and marks who is of use.
        if self.shared.known.get(user).is_none() {
            self.shared.known.insert(user.clone(), ());
        }
    }

    async fn submit(&self, mutation: Mutation) -> Result<Outcome, Error> {
        let at = self.shared.clock.now().wall;
        let name = mutation.as_str();
        let result = self.shared.writer.submit(WriteRequest { mutation, at }).await;
        let label = match &result {
            Ok(outcome) => outcome.as_str(),
            Err(Error::Refused(_)) => "refused",
            Err(Error::Store(_)) => "failed",
        };
        metrics::counter!(MUTATIONS, "mutation" => name, "result" => label).increment(1);
        result
    }
}

/// Starts the task that commits.
fn start_writer(
    store: Arc<dyn Store>,
    limits: Limits,
) -> GroupCommit<WriteRequest, Outcome, Error> {
    let metrics =
        CommitMetrics { part: "directory", duration: COMMIT_DURATION, requests: COMMIT_MUTATIONS };
    GroupCommit::start(metrics, move |writes| {
        let store = Arc::clone(&store);
        async move {
            let Applied { outcomes, published } = store.apply(writes, limits).await?;
            let answers = outcomes.into_iter().map(|it| it.map_err(Error::Refused)).collect();
            Ok(Committed { answers, before_answers: published })
        }
    })
}
