//! Many circles at once, over a way that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use directory::{
    Answer, Applied, Changes, Config, Directory, Entry, FeedGap, Limits, List, Listener, ReadToken,
    Relation, Store, StoredCircle, User, WriteRequest,
};
use e2e::servers::Proxy;
use futures_util::future::join_all;
use model::{SystemClock, Timestamp, UserId};

use super::world::{aside, config, connect, database, id, shared};

const USERS: usize = 3_000;
const FRIENDS: usize = 20;
/// A round trip to the database is twice as long.
const ONE_WAY: Duration = Duration::from_micros(1_200);

/// A store that counts its statements about circles.
struct Counting<S> {
    store: S,
    statements: AtomicUsize,
    under_way: AtomicUsize,
    under_way_most: AtomicUsize,
}

impl<S: Store> Store for Counting<S> {
    fn circles<'a>(&'a self, users: &'a [UserId]) -> Answer<'a, (ReadToken, Vec<StoredCircle>)> {
        Box::pin(async move {
            self.statements.fetch_add(1, Ordering::Relaxed);
            let now = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            self.under_way_most.fetch_max(now, Ordering::Relaxed);
            let read = self.store.circles(users).await;
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            read
        })
    }

    fn circle_reads_max(&self) -> usize {
        self.store.circle_reads_max()
    }

    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied> {
        self.store.apply(writes, limits)
    }

    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>> {
        self.store.users(ids)
    }

    fn relations<'a>(&'a self, pairs: &'a [(UserId, UserId)]) -> Answer<'a, Vec<Relation>> {
        self.store.relations(pairs)
    }

    fn page<'a>(
        &'a self,
        list: List,
        owner: &'a UserId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Answer<'a, Vec<Entry>> {
        self.store.page(list, owner, after, limit)
    }

    fn changes(&self, after: ReadToken, limit: usize) -> Answer<'_, Result<Changes, FeedGap>> {
        self.store.changes(after, limit)
    }

    fn forget_changes(&self, before: Timestamp, limit: usize) -> Answer<'_, usize> {
        self.store.forget_changes(before, limit)
    }

    fn state(&self) -> Answer<'_, (ReadToken, Timestamp)> {
        self.store.state()
    }

    fn listen(&self, listener: Listener) {
        self.store.listen(listener);
    }
}

#[tokio::test]
async fn thousands_of_circles_at_once_take_a_few_round_trips() {
    let server = shared().await;
    let direct = database(server).await;
    let crowd = format!(
        "INSERT INTO directory.users SELECT 'u' || n, 'u', NULL, 0 FROM generate_series(1, {USERS}) AS n;
         INSERT INTO directory.relations
             SELECT 'u' || n, 'f' || n || '.' || friend, true, false, false, false, false, 0
             FROM generate_series(1, {USERS}) AS n, generate_series(1, {FRIENDS}) AS friend;
         ANALYZE directory.users, directory.relations"
    );
    let mut aside = aside(&direct).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(crowd)).execute(&mut aside).await.expect("made");
    let proxy = Proxy::before(server.port()).await;
    let through =
        direct.url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port()));
    let counting = Arc::new(Counting {
        store: connect(&config(&through)).await,
        statements: AtomicUsize::new(0),
        under_way: AtomicUsize::new(0),
        under_way_most: AtomicUsize::new(0),
    });
    let clock = Arc::new(SystemClock::start());
    let directory = Directory::start(counting.clone(), clock, Config::default());
    proxy.delay(ONE_WAY);
    let users: Vec<_> = (1..=USERS).map(|n| id(&format!("u{n}"))).collect();
    // Connections and statements are there, as in a service that runs.
    let first = join_all(users.iter().map(|user| directory.circle(user))).await;
    assert!(first.iter().all(Result::is_ok));
    let before = counting.statements.swap(0, Ordering::Relaxed);

    let start = Instant::now();
    let circles = join_all(users.iter().map(|user| directory.circle(user))).await;
    let took = start.elapsed();
    let statements = counting.statements.load(Ordering::Relaxed);
    println!(
        "{USERS} circles of {FRIENDS} in {took:?}, {statements} statements; at first {before}"
    );
    for circle in circles {
        let circle = circle.expect("the store is there");
        assert!(circle.exists && circle.friends.len() == FRIENDS);
    }
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(statements <= USERS / 100, "{statements}");
    let most = counting.under_way_most.load(Ordering::Relaxed);
    assert_eq!(most, directory::postgres::Config::default().readers_max as usize);
}

#[tokio::test]
async fn more_circles_than_may_wait_are_refused_at_once() {
    let config = database(shared().await).await;
    let directory = Directory::start(
        Arc::new(connect(&config).await),
        Arc::new(SystemClock::start()),
        Config::default(),
    );
    let mut holder = aside(&config).await;
    let lock = "BEGIN; LOCK TABLE directory.relations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut holder).await.expect("locked");
    let alice = id("alice");
    let most = directory::CIRCLES_WAITING_MAX;
    // Beyond those under way and those that wait.
    let asked = most + 8 * directory::BATCH_MAX;
    let reading = join_all((0..asked).map(|_| directory.circle(&alice)));
    let releasing = async {
        tokio::task::yield_now().await;
        sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("released");
    };
    let (read, ()) = futures_util::future::join(reading, releasing).await;
    let refused =
        read.iter().filter(|read| matches!(&read, Err(error) if error.is_unavailable())).count();
    assert!((1..=asked - most).contains(&refused), "{refused} refused of {asked}");
    assert!(directory.circle(&alice).await.is_ok(), "there is room again");
}
