//! Movement history: what phones sent, kept so that it can be read back as a track.
//!
//! ```text
//! points ─▶ Log::append: one write and one sync for all that waits ─▶ acknowledged
//!             └▶ Log::read, from the mark on ─▶ Chunking ─▶ sealed chunks ─▶ stored ─▶ Log::forget, the mark
//! ```
//! `core/` decides and is pure; `log/` keeps points from when they come until they are stored ([`Log`]). A [`Point`] is one fix of a user as history keeps it; what a person asked to be forgotten
//! is an [`Erasure`].
//!
//! # Invariants
//! * A point is named by its user and its [`model::Version`] (effective time, device, sequence number). Of two with one
//!   name the one that counts is the same, in whatever order they come ([`Point::prevails_over`]).
//! * A point lies in whole numbers of the units of [`StoredFix`] from the moment it is made: what is written, read, merged
//!   and exported is equal.
//! * What [`Log::append`] answered is read from the log, whatever process reads it, until it was told that it is stored.
//!
//! # Limits
//! Those of [`limits`].

mod core;
mod log;
pub mod metrics;

pub use crate::core::chunk::{Bucket, Chunk, ChunkError};
pub use crate::core::chunking::{ChunkTicket, Chunking, ChunkingLimits, ClosedChunk};
pub use crate::core::erasure::{Erasure, Erasures, TimeRange};
pub use crate::core::limits;
pub use crate::core::logged::{LogPosition, Logged};
pub use crate::core::point::{Point, StoredFix, Unshown};
pub use crate::core::sealing::{
    DeploymentKey, DeploymentKeys, KeyId, OpenError, SealedChunk, UnwrapError, UserKey,
};
pub use crate::core::simplify::{Resolution, Simplifier};
pub use crate::core::summary::{Bounds, Summary, SummaryBuilder};
pub use crate::core::track::{Direction, PageBuilder, TrackPage, TrackQuery};
pub use log::{Answer, Batch, Log, LogError, LogStatus, Recent, embedded};
