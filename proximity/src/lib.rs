//! Businesses near a point: exactly those within a radius, nearest first, anywhere on Earth.
//!
//! ```text
//! GET nearby ─▶ http ─▶ Proximity ─▶ resident index, if it is complete and fresh enough
//!                          │   └───▶ search (pure) ◀─▶ Store::scan: ranges of codes, about one round trip
//! GET density ▶ http ─▶ Proximity ─▶ Store::hexagons: counters by H3 cell, kept by every write
//! POST, PUT … ─▶ http ─▶ Proximity ─▶ writer: up to 256 writes ─▶ Store::apply: one transaction, one fsync
//! import ──────────────▶ Proximity ─▶ Store::import: up to IMPORT_MAX       │ core: pure, decides each write
//!                                                                           ▼
//!    followers, resident indexes ◀── Store::changes ◀── the feed: every business at the place of its last change
//! ```
//!
//! The core is pure: [`Draft`]s become [`Details`]; [`Code`] is where a position lies on one line; the cover says which
//! ranges of it a [`Circle`] needs; the search asks for them and judges the answers; the transaction state applies a batch of writes
//! with the limits. An adapter of the port [`Store`] loads what the transaction state needs, stores what it changed, and reads
//! ranges: [`embedded`] in a file for one process. `conformance` is the list of cases that every adapter passes, with
//! the resident index and without. The handle [`Proximity`] is what other parts know.
//!
//! # Invariants
//! * The order is (distance in whole millimetres, id), and distances come from [`model::distance`]: the same on every
//!   node, from the database and from memory.
//! * Cells only choose what is looked at: a business is found by its distance, never by its cell.
//! * Every state that is read holds the changes up to one [`FeedPosition`]. A walk over pages begins with one and passes
//!   over whatever was placed later: each business that didn't change comes once, one that moved at most once.
//! * What a [`Hexagon`] counts changes in the transaction that places, moves or removes a business, never after it.
//! * A change that changes nothing has no version, no place in the feed, and writes nothing.
//! * What was answered with success is on disk; a key given again is answered as before.
//! * Where somebody looks is in no log and in no `Debug` output.
//!
//! # Limits
//! [`Limits`] of a deployment, from its [`Config`]; all others of businesses and requests in [`limits`]; of the port
//! [`BATCH_MAX`], [`IMPORT_MAX`], [`FETCH_MAX`], [`RANGES_MAX`], [`SCAN_ROWS_MAX`], [`PAGE_MAX`]; of viewports
//! [`HEXAGONS_MAX`], [`HEXAGONS_CHOSEN_MAX`]; of waiting [`sql::WRITES_WAITING_MAX`], [`sql::WRITE_WAIT_MAX`]; of the index
//! [`SILENCE_MS_MAX`].

mod config;
mod core;
mod error;
pub mod http;
pub mod metrics;
pub mod problems;
mod service;
mod store;

pub use crate::core::catalogue::business::{Business, IdempotencyKey, Source, SourceName};
pub use crate::core::catalogue::category::{Category, CategoryKey};
pub use crate::core::catalogue::change::{Change, Changes, FeedCursor};
pub use crate::core::catalogue::details::{
    Address, AttributeKey, AttributeValue, Details, Draft, DraftError, DraftErrorKind, Name, Phone,
    Site,
};
pub use crate::core::catalogue::hours::{HoursError, Interval, OpeningHours};
pub use crate::core::catalogue::id::{BusinessId, BusinessIdError};
pub use crate::core::catalogue::mutation::{
    Actor, Effect, Import, Imported, Mutation, Outcome, WriteRequest,
};
pub use crate::core::catalogue::patch::{Edit, HoursPart, Patch, PatchDraft, PositionPart};
pub use crate::core::catalogue::text::LineError;
pub use crate::core::geo::cell::{Area, Code, CountedCell, Range};
pub use crate::core::geo::circle::{Circle, Millimetres};
pub use crate::core::geo::hexagon::{
    HEXAGONS_CHOSEN_MAX, HEXAGONS_MAX, Hexagon, HexagonRange, Resolution, Viewport, ViewportError,
};
pub use crate::core::limits::{self, Limits};
pub use crate::core::refusal::Refusal;
pub use crate::core::search::scan::{Candidate, RANGES_MAX, SCAN_ROWS_MAX, Scan, Scanned};
pub use crate::core::search::{Found, Hit, Query, SearchCursor};
pub use config::{Config, Residency};
pub use error::Error;
pub use model::{FeedPosition, ReadToken};
pub use service::resident::SILENCE_MS_MAX;
pub use service::run::Detail;
pub use service::{By, Proximity, Written};
pub use sql::{BATCH_MAX, StoreError, StoreErrorKind};
#[cfg(feature = "test-kit")]
pub use store::conformance;
pub use store::{Answer, Applied, FETCH_MAX, IMPORT_MAX, PAGE_MAX, Store, embedded, postgres};
