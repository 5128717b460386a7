//! Users, friendships, blocks, and who may see whom.
//!
//! ```text
//! PUT /v1/… ─▶ http ─▶ Directory ─▶ writer: up to 256 mutations ─▶ Store::apply: one transaction, one fsync
//!                          │                                          │ core: pure, decides each mutation
//!                          │                                          ▼
//!   gateway ◀── listen ────┼──────────────────────────────────────── Change: what this process made of circles
//!           ◀── circle ────┼── up to 256 who wait ◀── Store::circles: one statement, as of a position
//!   relays  ◀── changes ───┴──────────────────────── Store::changes: the feed, what all processes made of them
//! ```
//!
//! `core/` decides, `store/` keeps, `http/` speaks, `service.rs` drives. The core is pure: [`Relation`] says how two users stand, [`decide`] what a mutation makes of it, the transaction state applies a
//! batch of mutations with the limits. An adapter of the port [`Store`] loads what the transaction state needs and stores what it
//! changed: [`embedded`] in a file for one process, [`postgres`] in a database for many, which read each other's
//! changes in the feed. `conformance` is the list of cases that every adapter passes.
//!
//! # Invariants
//! * A relation seen from the other side is its mirror; both directions are stored in one transaction.
//! * No friendship across a block; nobody is related to themself.
//! * What was answered with success is on disk, and its change was announced before the answer.
//! * Every change of a circle has a position in the feed, without gaps and in the order of commits; a circle and the changes
//!   behind it give every later one.
//! * Who is blocked can't find it out here: a request to somebody who blocked you, or to nobody, looks like any other.
//!
//! # Limits
//! [`Limits`] per user, from a deployment's [`Config`]; [`sql::WRITES_WAITING_MAX`], [`sql::WRITE_WAIT_MAX`], [`CIRCLES_WAITING_MAX`], [`CIRCLE_WAIT_MAX`],
//! [`PUBLISH_WAIT_MAX`], [`BATCH_MAX`], [`CHANGES_MAX`], [`KNOWN_USERS_MAX`], [`NAMES_REMEMBERED_MAX`],
//! [`NAME_AGE_MS_MAX`], [`NAME_CHARS_MAX`]; connections and times of [`postgres::Config`].

mod config;
mod core;
mod error;
pub mod http;
pub mod metrics;
pub mod problems;
mod service;
mod store;

pub use crate::core::{
    CHANGE_AGE_MS_MAX, CHANGES_MAX, Changes, CircleChange, CircleEdit, DisplayName, FeedGap,
    Limits, Mutation, NAME_CHARS_MAX, NameError, Outcome, Refusal, Relation, User, Verb,
    WriteRequest, decide,
};
pub use config::Config;
pub use error::Error;
pub use model::{FeedPosition, ReadToken};
pub use service::{
    CIRCLE_WAIT_MAX, CIRCLES_WAITING_MAX, Circle, Directory, KNOWN_USERS_MAX, NAME_AGE_MS_MAX,
    NAMES_REMEMBERED_MAX,
};
pub use sql::{BATCH_MAX, StoreError, StoreErrorKind};
pub use store::announcing::{Change, Listener, PUBLISH_WAIT_MAX};
#[cfg(feature = "test-kit")]
pub use store::conformance;
pub use store::{Answer, Applied, Entry, Friend, List, Store, StoredCircle, embedded, postgres};
