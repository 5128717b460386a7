//! Movement history: what phones sent, kept so that it can be read back as a track.
//!
//! ```text
//! points ─▶ Log::append ─▶ acknowledged                              one write and one sync for all that waits
//!             │
//!             ├▶ LogReader::read ─▶ Chunking ─▶ SealedChunk ─▶ store ─▶ LogReader::forget
//!             │                                                  │
//!             └───────────▶ PageBuilder ◀────────────────────────┘       a track is put together from both
//!                               │
//!               Simplifier, SummaryBuilder, TrackWriter ─▶ whoever asked
//! TrackReader ─▶ Numbering ─▶ Point                                  what other programs have written
//! ```
//!
//! `core/` decides and is pure; `log/` keeps points from when they come until they are stored ([`Log`] takes
//! them, a [`LogReader`] gives them to whoever stores them); `formats/` writes
//! tracks and reads files. A [`Point`] is one fix of a user as history keeps it; what a person asked to be forgotten is an
//! [`Erasure`], and when they wanted no history are their [`OffTimes`]. [`Chunking`] gathers the points of a log into
//! chunks, says when they are to be stored, and what the log may forget ([`Chunking::checkpoint`]). A [`SealedChunk`] can
//! be opened with its user's key only. [`PageBuilder`] puts a track together from wherever its points lie. The port
//! [`Store`] keeps chunks; [`Register`] keeps what must outlive them: users' keys, erasures, who turned history off, and
//! chunks that the store doesn't take. By the port [`Peers`] a process asks the others what waits in their logs. [`History`] is the handle: its task takes points from the log to the store, and it
//! puts tracks together.
//!
//! `conformance` is the list of cases that every adapter of a store and of a register passes.
//!
//! # Invariants
//! * A point is named by its user and its [`model::Version`] (effective time, device, sequence number). Of two with one
//!   name the one that counts is the same, in whatever order they come ([`Point::prevails_over`]).
//! * A point lies in whole numbers of the units of [`StoredFix`] from the moment it is made: what is written, read, merged
//!   and exported is equal.
//! * What [`Log::append`] answered is read from the log, whatever process reads it, until it was told that it is stored.
//! * The same points come to the same track, however they were split, merged, repeated or ordered in between.
//! * A point counts unless it was erased or received while its user's history was off, whenever it is stored or read. In a
//!   process before and after are what they were, whatever its clock said meanwhile.
//! * A track is the union of what is stored and of what waits in the logs of all processes that answer.
//! * Tracks say up to when they are complete: no later than the least of the logs is stored whose process doesn't answer.
//! * What a log may forget is in stored chunks, or doesn't count.
//! * The same points of a user, sealed by the same key, come to the same bytes.
//!
//! # Limits
//! Those of [`limits`]; of files that are read 64 KiB a line or tag, 1 MiB an object, 64 levels.

mod config;
mod core;
pub mod crash_points;
mod formats;
pub mod http;
mod log;
pub mod metrics;
mod peers;
pub mod problems;
mod service;
mod store;

pub use crate::config::Config;
pub use crate::core::chunk::{Bucket, Chunk, ChunkError};
pub use crate::core::chunking::{ChunkTicket, Chunking, ChunkingLimits, ClosedChunk};
pub use crate::core::erasure::{Erasure, Erasures, TimeRange};
pub use crate::core::gaps::Gaps;
pub use crate::core::limits;
pub use crate::core::logged::{LogPosition, Logged};
pub use crate::core::off_times::{OffStretch, OffTimes};
pub use crate::core::point::{Point, StoredFix, Unshown};
pub use crate::core::sealing::{
    DeploymentKey, DeploymentKeys, KeyId, OpenError, SealedChunk, UnwrapError, UserKey,
};
pub use crate::core::simplify::{Resolution, Simplifier};
pub use crate::core::summary::{Bounds, Summary, SummaryBuilder};
pub use crate::core::track::{Direction, PageBuilder, TrackPage, TrackQuery};
pub use formats::{
    Columns, ImportError, ImportFormat, Imported, Numbering, SkipReason, Skipped, TrackEnd,
    TrackFormat, TrackReader, TrackWriter,
};
#[cfg(feature = "test-kit")]
pub use log::conformance as log_conformance;
pub use log::{
    Answer, Batch, Log, LogError, LogReader, LogStatus, OwnedLog, OwnedLogs, Survives, TakePoints,
    embedded, streams,
};
pub use peers::client::{HttpPeers, IDLE_CONNECTIONS_MAX};
pub use peers::{
    ANSWER_BYTES_MAX, NoAddress, PeerAddress, PeerError, Peers, QUESTION_BYTES_MAX, WAITING_PATH,
};
pub use service::{
    Deps, History, Incomplete, Kept, PEERS_ASKED_MAX, Pages, SharedLogs, Track, TrackUsers,
    Unanswered,
};
pub use sql::{StoreError, StoreErrorKind};
pub use store::cassandra;
#[cfg(feature = "test-kit")]
pub use store::conformance;
pub use store::embedded::EmbeddedStore;
pub use store::log_marks::{LOGS_MAX, LogId, LogMark, LogMarks};
pub use store::register::embedded::EmbeddedRegister;
pub use store::register::postgres;
pub use store::register::{
    DEAD_LETTERS_MAX, DeadLetter, ERASURES_MAX, REASON_BYTES_MAX, Register, Rewrapped,
    TooManyErasures, USERS_MAX, UserRecord,
};
pub use store::{
    ChunkPlace, FORGET_CHUNKS_MAX, PUT_CHUNKS_MAX, READ_CHUNKS_MAX, Store, StoreAnswer, StoredChunk,
};
