//! The register in `PostgreSQL`, for any number of processes; and how far their logs are.
//!
//! **Order.** All that is known of a user is one row, which each call locks while it reads and writes it. So calls about one user
//! come one after another, and those about others don't wait.
//!
//! **Destroyed keys** lie in old versions of their rows until the database has vacuumed these, and in its log and its backups for
//! as long as those are kept: a backup that is restored brings them back. Backups of chunks must not be kept longer beside
//! backups of this.

mod health;
mod marks;
mod rewrapping;
mod schema;
mod statements;
mod users;

use std::fmt;
use std::sync::Arc;

use model::{Timestamp, UserId, crash};
use sql::StoreError;
pub use sql::postgres::Migrated;
use sql::postgres::{BEGIN, ReadFrom, Readers, Server};
use sqlx::PgConnection;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use super::{
    DEAD_LETTERS_MAX, DeadLetter, Register, Rewrapped, TooManyErasures, USERS_MAX, UserRecord,
};
use crate::store::known_fault::KnownFault;
use crate::{Erasure, Gaps, KeyId, StoreAnswer, TimeRange};
pub use schema::migrate;
pub use sql::postgres::PrimaryConfig as Config;

/// Transactions of this process that are under way at once.
const WRITERS_MAX: usize = 4;
/// Users of whom something is forgotten in one transaction: nobody waits long for it.
const FORGET_USERS_MAX: usize = 64;

/// The register in a `PostgreSQL` database, which is the primary: replicas may lag, and are refused.
pub struct PostgresRegister {
    shared: Arc<Shared>,
    looking: JoinHandle<()>,
}

struct Shared {
    primary: Arc<Server>,
    connections: Readers,
    /// A permit for each transaction that may be under way.
    writers: Semaphore,
    fault: KnownFault,
}

impl fmt::Debug for PostgresRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresRegister({})", self.shared.primary)
    }
}

impl Drop for PostgresRegister {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

/// Reaches the server and looks at its schema, before anything starts. Errs as [`PostgresRegister::connect`] does.
pub async fn check(config: &Config) -> Result<(), StoreError> {
    let primary = config.server(&[])?;
    primary.open(Box::pin(schema::SCHEMA.check(&primary))).await.map(drop)
}

impl PostgresRegister {
    /// Connects, and begins to look how the server is, within a tokio runtime.
    ///
    /// Errs, saying which and what to do, if the server can't be reached, is a replica, or doesn't admit the user; if
    /// there is no such database; or if its schema is missing ([`migrate`] makes it), older or newer than this program.
    pub async fn connect(config: &Config) -> Result<Self, StoreError> {
        let primary = Arc::new(config.server(&[])?);
        primary.open(Box::pin(schema::SCHEMA.check(&primary))).await?;
        let shared = Arc::new(Shared {
            connections: primary.readers(ReadFrom::Primary, config.readers_max),
            primary,
            writers: Semaphore::new(WRITERS_MAX),
            fault: KnownFault::new("the database of movement history's register"),
        });
        let looking = tokio::spawn(health::run(Arc::clone(&shared)));
        Ok(Self { shared, looking })
    }
}

/// A transaction. Dropped before it is committed it is undone, since its connection is closed.
struct Write<'a> {
    connection: PgConnection,
    connections: &'a Readers,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Shared {
    async fn begin(&self) -> Result<Write<'_>, sqlx::Error> {
        // Nobody closes it.
        let permit = self.writers.acquire().await.ok();
        let mut connection = self.connections.connection().await?;
        // Each statement sees what was committed before it, so those behind a lock see what its last owner wrote.
        sqlx::query(BEGIN).execute(&mut connection).await?;
        Ok(Write { connection, connections: &self.connections, _permit: permit })
    }
}

impl Write<'_> {
    /// Commits what was done, or undoes it if it failed.
    async fn end<T>(mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let done = done?;
        crash::point("history.register_written");
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        self.connections.give_back(self.connection);
        Ok(done)
    }
}

impl Register for PostgresRegister {
    fn records<'a>(&'a self, users: &'a [UserId]) -> StoreAnswer<'a, Vec<UserRecord>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(primary.read(move || statements::records(connections, users)))
    }

    fn make_keys<'a>(&'a self, keys: &'a [(UserId, Vec<u8>)]) -> StoreAnswer<'a, Vec<Vec<u8>>> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = statements::make_keys(&mut write.connection, keys).await;
                write.end(done).await
            };
            let done: Result<_, StoreError> = self.shared.primary.answer(work).await;
            let held = done?;
            // Somebody erased everything of somebody at this moment.
            held.ok_or_else(|| StoreError::unavailable("a key was destroyed while it was made"))
        })
    }

    fn wrapping_keys(&self) -> StoreAnswer<'_, Vec<KeyId>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(primary.read(move || statements::wrapping_keys(connections)))
    }

    fn wrapped_by<'a>(
        &'a self,
        key: KeyId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<(UserId, Vec<u8>)>> {
        let Shared { primary, connections, .. } = &*self.shared;
        let limit = limit.min(USERS_MAX);
        Box::pin(primary.read(move || rewrapping::wrapped_by(connections, key, after, limit)))
    }

    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = rewrapping::exchange(&mut write.connection, keys).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn erase<'a>(
        &'a self,
        user: &'a UserId,
        erasure: Erasure,
    ) -> StoreAnswer<'a, Result<(), TooManyErasures>> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = statements::erase(&mut write.connection, user, erasure).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn erase_all<'a>(&'a self, user: &'a UserId, erased_at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = statements::erase_all(&mut write.connection, user, erased_at).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn set_off<'a>(&'a self, user: &'a UserId, is_off: bool, at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = statements::set_off(&mut write.connection, user, is_off, at).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn users_off<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        let Shared { primary, connections, .. } = &*self.shared;
        let limit = limit.min(USERS_MAX);
        Box::pin(primary.read(move || users::off(connections, after, limit)))
    }

    fn users<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        let Shared { primary, connections, .. } = &*self.shared;
        let limit = limit.min(USERS_MAX);
        Box::pin(primary.read(move || users::with_key(connections, after, limit)))
    }

    fn put_aside<'a>(&'a self, letter: &'a DeadLetter) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = statements::put_aside(&mut write.connection, letter).await;
                write.end(done).await
            };
            let done: Result<_, StoreError> = self.shared.primary.answer(work).await;
            let is_kept = done?;
            let full = || StoreError::unavailable("too many chunks were put aside");
            if is_kept { Ok(()) } else { Err(full()) }
        })
    }

    fn dead_letters(&self, limit: usize) -> StoreAnswer<'_, Vec<DeadLetter>> {
        let Shared { primary, connections, .. } = &*self.shared;
        let limit = limit.min(DEAD_LETTERS_MAX);
        Box::pin(primary.read(move || statements::dead_letters(connections, limit)))
    }

    fn note_gaps<'a>(&'a self, gaps: &'a [TimeRange]) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let done = marks::note_gaps(&mut write.connection, gaps).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn gaps(&self) -> StoreAnswer<'_, Gaps> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(primary.read(move || marks::gaps(connections)))
    }

    fn forget_letters(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(async move {
            let work = async {
                let mut write = self.shared.begin().await?;
                let connection = &mut write.connection;
                let done = statements::forget_letters(connection, received_before, limit).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn forget(&self, before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(async move {
            let limit = limit.min(FORGET_USERS_MAX);
            let work = async {
                let mut write = self.shared.begin().await?;
                marks::forget_gaps(&mut write.connection, before).await?;
                let done = statements::forget(&mut write.connection, before, limit).await;
                write.end(done).await
            };
            self.shared.primary.answer(work).await
        })
    }

    fn fault(&self) -> Option<String> {
        if self.looking.is_finished() {
            return Some("a task beside movement history's register has stopped".to_owned());
        }
        self.shared.fault.get()
    }
}
