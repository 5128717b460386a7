use std::sync::Arc;
use std::time::Duration;

use directory::postgres::{Config, PostgresStore, migrate};
use directory::{
    Change, CircleChange, Limits, Mutation, Outcome, ReadToken, Refusal, Store, StoredCircle, Verb,
    WriteRequest,
};
use e2e::DEADLINE;
use e2e::servers::Postgres;
use model::{SeededRandom, SystemClock, Timestamp, UserId};
use sqlx::{Connection, PgConnection};
use tokio::sync::{OnceCell, mpsc};
use tokio::time::{Instant, sleep, timeout};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// The server of all tests that don't break it.
pub(crate) async fn shared() -> &'static Postgres {
    static SHARED: OnceCell<Postgres> = OnceCell::const_new();
    SHARED.get_or_init(Postgres::start).await
}

pub(crate) fn config(url: &str) -> Config {
    Config { url: url.to_owned().into(), ..Config::default() }
}

/// A database with the schema.
pub(crate) async fn database(server: &Postgres) -> Config {
    let config = config(&server.database().await);
    migrate(&config).await.expect("migrates");
    config
}

pub(crate) async fn try_connect(config: &Config) -> Result<PostgresStore, directory::StoreError> {
    let random = Arc::new(SeededRandom::new(1));
    PostgresStore::connect(config, Arc::new(SystemClock::start()), random).await
}

pub(crate) async fn connect(config: &Config) -> PostgresStore {
    try_connect(config).await.expect("connects")
}

/// A connection of the test, beside the store's.
pub(crate) async fn aside(config: &Config) -> PgConnection {
    PgConnection::connect(&config.url).await.expect("connects")
}

pub(crate) fn id(name: &str) -> UserId {
    UserId::parse(name).expect("the test's ids are valid")
}

pub(crate) fn write(mutation: Mutation) -> WriteRequest {
    WriteRequest { mutation, at: Timestamp(1_700_000_000_000) }
}

pub(crate) fn ensure(users: &[&str]) -> Vec<WriteRequest> {
    users.iter().map(|user| write(Mutation::Ensure { user: id(user) })).collect()
}

pub(crate) fn relate(verb: Verb, user: &str, other: &str) -> Vec<WriteRequest> {
    vec![write(Mutation::Relate { verb, user: id(user), other: id(other) })]
}

/// Applies writes that must be possible.
pub(crate) async fn apply(store: &dyn Store, writes: Vec<WriteRequest>) {
    let applied = store.apply(writes, Limits::default()).await.expect("the store is there");
    let outcomes = applied.outcomes;
    let refused: Vec<&Result<Outcome, Refusal>> = outcomes.iter().filter(|o| o.is_err()).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

/// All that a store announces, in order.
pub(crate) struct Ear(mpsc::UnboundedReceiver<Change>);

impl Ear {
    pub(crate) fn on(store: &dyn Store) -> Self {
        let (heard, ear) = mpsc::unbounded_channel();
        store.listen(Box::new(move |change| {
            drop(heard.send(change.clone()));
            Box::pin(std::future::ready(()))
        }));
        Self(ear)
    }

    pub(crate) async fn next(&mut self) -> Change {
        let heard = timeout(DEADLINE, self.0.recv()).await;
        heard.expect("a change is heard in time").expect("the store lives")
    }

    /// What has been heard and not yet been looked at.
    pub(crate) fn rest(&mut self) -> Vec<Change> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

pub(crate) async fn state(store: &dyn Store) -> ReadToken {
    store.state().await.expect("the store is there").0
}

/// All changes behind a state.
pub(crate) async fn changes(store: &dyn Store, after: ReadToken) -> Vec<CircleChange> {
    let read = store.changes(after, directory::CHANGES_MAX).await.expect("the store is there");
    let read = read.expect("nothing is missing");
    assert!(!read.more);
    read.changes
}

/// Whose circles change.
pub(crate) fn users(changes: &[CircleChange]) -> Vec<&str> {
    changes.iter().flat_map(|change| change.what.users()).map(UserId::as_str).collect()
}

pub(crate) async fn circle(store: &dyn Store, user: &str) -> StoredCircle {
    let (_, mut circles) = store.circles(&[id(user)]).await.expect("the store is there");
    circles.remove(0)
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        sleep(LOOK).await;
    }
}

/// The server's processes that serve this database under this name.
pub(crate) async fn sessions(config: &Config, name: &str) -> Vec<i32> {
    let sql = "SELECT pid FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = $1";
    let mut connection = aside(config).await;
    sqlx::query_scalar(sql).bind(name).fetch_all(&mut connection).await.expect("answers")
}
