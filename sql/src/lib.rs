//! What every part that keeps its state in a SQL database shares, whatever the state is.
//!
//! ```text
//! Config ─▶ postgres::Login, Times ─▶ postgres::Server ─▶ Schema::open ─▶ pools ─▶ Server::answer ─▶ the part's Error
//! folder ─▶ sqlite::File::open ─▶ readers, Writer ─────────────────────────────────▶ sqlite::answer ─▶ the part's Error
//! ```
//!
//! A part brings its tables and statements: the steps of its schema, what it binds and what it reads of a row
//! ([`Columns`]). Here is the rest: how a database is opened, how long it is waited for, how its schema is brought up to
//! date, and what its errors mean ([`StoreError`]), which each part turns into an error of its own. Parts whose changes have
//! positions find here the row that counts them ([`postgres::FeedTable`]), and
//! connections for single statements ([`postgres::Readers`]).
//!
//! # Invariants
//! * What was answered survives a power cut: `synchronous_commit` is on, a file is synced at every commit.
//! * No answer of a server takes longer than it may, whatever the server and the network do.
//! * Steps of a schema are taken all or none, and by one process at a time; a newer schema is left alone.
//! * No password in any text that comes from here, and none in what is serialised.
//! * Nothing here knows whose state it is: tables, users and businesses are absent.
//!
//! # Limits
//! Of a server [`postgres::CONNECTIONS`], [`postgres::TIMEOUT_MS`]; of a file [`sqlite::READERS_MAX`],
//! [`sqlite::BUSY_TIMEOUT`], [`sqlite::ACQUIRE_TIMEOUT`].

mod columns;
#[cfg(feature = "test-kit")]
pub mod conformance;
mod error;
mod group_commit;
pub mod postgres;
pub mod sqlite;

pub use columns::{Columns, damaged, missing, read_token};
pub use error::{StoreError, StoreErrorKind};
pub use group_commit::{
    BATCH_MAX, CommitMetrics, Committed, GroupCommit, WRITE_WAIT_MAX, WRITES_WAITING_MAX,
};
