use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, PgConnection, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::connection::{is_answering, refuse_replica};

/// A connection that was used since isn't tried out before it is used again: whoever finds it broken asks somebody else.
const FRESH: Duration = Duration::from_secs(1);
/// How long to wait before a server that just restarts is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// Connections to one server, at most as many, made when they are needed, each for one statement at a time.
///
/// Not sqlx's pool, which asks the server for a sign of life whenever a connection is given back: two more round trips for
/// each search of businesses, which cost the server half as much as the search.
#[derive(Clone)]
pub struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    options: PgConnectOptions,
    from: ReadFrom,
    /// How long to wait for a connection, a new or a free one.
    connect_timeout: Duration,
    permits: Arc<Semaphore>,
    /// The one given back last is taken first, so that those that aren't needed grow old.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// A connection with a statement under way.
struct Lent {
    /// Taken when the statement has ended.
    connection: Option<PgConnection>,
    permit: Option<OwnedSemaphorePermit>,
    of: Readers,
}

/// Whoever asked has gone away, such as a client that closed its connection. To make another one costs the server far more
/// than to end the statement.
impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut connection), Ok(runtime)) = (self.connection.take(), Handle::try_current())
        else {
            return;
        };
        let (permit, readers) = (self.permit.take(), self.of.clone());
        runtime.spawn(async move {
            if is_answering(&mut connection).await.is_ok() {
                readers.give_back(connection);
            }
            drop(permit);
        });
    }
}

/// Where reads may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// From a primary only: a replica would answer, but not with what was just written. One that just restarts is
    /// waited for.
    Primary,
    /// From any server, or none if it can't be reached at once.
    Any,
}

impl Readers {
    pub(super) fn new(
        options: PgConnectOptions,
        from: ReadFrom,
        connections_max: u32,
        connect_timeout: Duration,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(connections_max as usize));
        let idle = Mutex::default();
        Self { shared: Arc::new(Shared { options, from, connect_timeout, permits, idle }) }
    }

    /// What a statement finds. A connection that fails isn't used again; one whose statement isn't waited for to the end,
    /// only after it has come to it.
    pub async fn fetch_all(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let permit = Arc::clone(&self.shared.permits).acquire_owned();
        let waited = timeout(self.shared.connect_timeout, permit).await;
        let permit = waited.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = self.connection().await?;
        let mut lent =
            Lent { connection: Some(connection), permit: Some(permit), of: self.clone() };
        let Some(connection) = &mut lent.connection else { return Err(sqlx::Error::PoolClosed) };
        let found = query.fetch_all(connection).await;
        let connection = lent.connection.take();
        match &found {
            Ok(_) => self.keep(connection),
            // Most likely the others are cut too.
            Err(sqlx::Error::Io(_)) => self.forget_idle(),
            Err(_) => {}
        }
        found
    }

    /// Takes back a [connection](Self::connection) that has no transaction under way.
    pub fn give_back(&self, connection: PgConnection) {
        self.keep(Some(connection));
    }

    /// Closes the connections that nobody uses at present: one was found broken.
    pub fn forget_idle(&self) {
        self.shared.idle.lock().clear();
    }

    fn keep(&self, connection: Option<PgConnection>) {
        let since = Instant::now();
        self.shared.idle.lock().extend(connection.map(|connection| Idle { connection, since }));
    }

    /// The one row of a statement that has one.
    pub async fn fetch_one(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgRow, sqlx::Error> {
        let mut rows = self.fetch_all(query).await?;
        rows.pop().ok_or(sqlx::Error::RowNotFound)
    }

    /// A connection for a transaction, beside those for statements; how many there are is up to the caller. It is to be
    /// [given back](Self::give_back) after the transaction ended in good order, else dropped.
    pub async fn connection(&self) -> Result<PgConnection, sqlx::Error> {
        loop {
            let Some(Idle { mut connection, since }) = self.shared.idle.lock().pop() else { break };
            if since.elapsed() < FRESH || is_answering(&mut connection).await.is_ok() {
                return Ok(connection);
            }
        }
        let late = |_| sqlx::Error::PoolTimedOut;
        timeout(self.shared.connect_timeout, self.connect()).await.map_err(late)?
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        loop {
            match self.shared.options.connect().await {
                Ok(mut connection) => {
                    if self.shared.from == ReadFrom::Primary {
                        refuse_replica(&mut connection).await?;
                    }
                    return Ok(connection);
                }
                Err(error) if self.shared.from == ReadFrom::Primary && is_restarting(&error) => {
                    sleep(RETRY).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether a server that refuses a connection may take it soon.
fn is_restarting(error: &sqlx::Error) -> bool {
    // "The database system is starting up", or shutting down: cannot_connect_now.
    let is_starting = |code: &str| code == "57P03";
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.code().as_deref().is_some_and(is_starting),
        _ => false,
    }
}
