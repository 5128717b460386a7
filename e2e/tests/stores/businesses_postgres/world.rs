use std::collections::BTreeMap;
use std::time::Duration;

use e2e::DEADLINE;
use e2e::servers::{Postgres, Proxy};
use model::{Position, SeededRandom, Timestamp, UserId};
use proximity::postgres::{Config, PostgresStore, migrate};
use proximity::{
    Actor, Business, BusinessId, Draft, Error, Limits, Mutation, ReadToken, Store, WriteRequest,
};
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);
const NOW: Timestamp = Timestamp(1_700_000_000_000);

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

pub(crate) async fn connect(config: &Config) -> PostgresStore {
    PostgresStore::connect(config).await.expect("connects")
}

/// A connection of the test, beside the store's.
pub(crate) async fn aside(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("connects")
}

/// The port in the address of a database.
pub(crate) fn port(url: &str) -> u16 {
    let place = url.rsplit(':').next().expect("a port");
    place.split('/').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// The address of a database through a proxy before it.
pub(crate) fn through(url: &str, proxy: &Proxy) -> String {
    url.replace(&format!(":{}/", port(url)), &format!(":{}/", proxy.port()))
}

/// The name of the database.
pub(crate) fn name(config: &Config) -> &str {
    config.url.rsplit('/').next().expect("a database")
}

pub(crate) fn id(number: u64) -> BusinessId {
    BusinessId::random(&SeededRandom::new(number))
}

fn details(name: &str, latitude: f64) -> Box<proximity::Details> {
    let draft = Draft {
        name: name.to_owned(),
        categories: vec!["Food / Bakery".to_owned()],
        address: None,
        position: Position::new(latitude, 2.0).expect("on Earth"),
        hours: None,
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    };
    Box::new(draft.check().expect("good"))
}

fn write(mutation: Mutation) -> WriteRequest {
    let user = UserId::parse("operator").expect("an id");
    WriteRequest { actor: Actor::Operator(user), key: None, mutation, at: NOW }
}

pub(crate) fn create(number: u64) -> WriteRequest {
    let latitude = number as f64 / 10_000.0;
    write(Mutation::Create { id: id(number), owner: None, details: details("new", latitude) })
}

pub(crate) fn rename(number: u64, name: &str) -> WriteRequest {
    let latitude = number as f64 / 10_000.0;
    write(Mutation::Replace { id: id(number), expected: None, details: details(name, latitude) })
}

/// Applies writes that must be possible.
pub(crate) async fn apply(store: &dyn Store, writes: Vec<WriteRequest>) -> ReadToken {
    let applied = store.apply(writes, Limits::default()).await.expect("the store is there");
    assert!(applied.outcomes.iter().all(Result::is_ok), "{:?}", applied.outcomes);
    applied.as_of
}

pub(crate) async fn try_read(
    store: &dyn Store,
    number: u64,
    fresh: Option<ReadToken>,
) -> Result<Option<Business>, Error> {
    store.fetch(&[id(number)], fresh).await.map(|mut found| found.remove(0))
}

/// The version that a read shows; 0 if there is no business.
pub(crate) async fn version(store: &dyn Store, number: u64, fresh: Option<ReadToken>) -> u64 {
    let found = try_read(store, number, fresh).await.expect("the store is there");
    found.map_or(0, |business| business.version)
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        sleep(LOOK).await;
    }
}

/// How many changes a server shows.
pub(crate) async fn head(connection: &mut PgConnection) -> i64 {
    let asked = sqlx::query_scalar("SELECT head FROM proximity.feed");
    asked.fetch_one(connection).await.expect("answers")
}
