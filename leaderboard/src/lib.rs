//! Boards, scores and ranks. A durable log of events is the truth; indexes are derived from it.
//!
//! ```text
//! POST /v1/scores ─▶ http ─▶ Leaderboard ─▶ up to 256 requests ─▶ Log::append: decided by the core, one fsync
//!                               │                                    │ records: outcomes with their positions
//!                               │                                    ▼
//! GET /v1/scores ─▶ http ─▶ Leaderboard ◀────────────────────────── Index: who stands where
//! ```
//!
//! `core/` decides, `log/` keeps, `index/` ranks, `http/` speaks, `service.rs` drives. The core is pure: the transaction state
//! decides a batch of writes against what is stored, and says so in records, which carry outcomes only; the standings keep
//! players in order. An adapter of the port [`Log`] makes records durable before anybody is answered; one of the port
//! [`Index`] takes them and answers who stands where.
//!
//! # Invariants
//! * What was answered with success is in the log, once, however often it was sent.
//! * Every change of a board has a position, without gaps and in the order in which they were made durable; an index
//!   says up to which one it has come.
//! * Records say what came of things. Taken twice in their order they come to the same state.
//! * Among equal scores whoever reached theirs first stands first, by position; clocks decide nothing.
//! * A board that is deleted and made again shows nothing of the old one: it has another number.
//!
//! # Limits
//! Those of [`limits`]; [`sql::WRITES_WAITING_MAX`], [`sql::WRITE_WAIT_MAX`] and [`sql::BATCH_MAX`] of requests.

#[cfg(feature = "test-kit")]
mod bare;
mod config;
mod core;
mod error;
pub mod http;
mod index;
mod log;
pub mod metrics;
pub mod problems;
mod service;

#[cfg(feature = "test-kit")]
pub use crate::bare::BareStandings;
pub use crate::core::board::{
    Board, BoardNumber, BoardPosition, Operator, Ranking, Readers, Rules, ScoreRange, StandingsId,
    Wins,
};
pub use crate::core::changes::{Changes, Standee};
pub use crate::core::entry::Entry;
pub use crate::core::event::{Amount, EventKey, EventKeyError, ScoreChange, ScoreEvent};
pub use crate::core::limits;
pub use crate::core::mutation::{Applied, Effect, KeyTime, Mutation, Outcome, WriteRequest};
pub use crate::core::refusal::Refusal;
pub use crate::core::season::{
    Calendar, CalendarError, CronError, Ended, Reward, RewardError, Rewarded, Schedule, Season,
    SeasonRules, SeasonState,
};
pub use crate::core::standings::Standing;
pub use config::Config;
pub use error::Error;
pub use index::memory::FollowingIndex;
pub use index::redis;
pub use index::{AsOf, Index, Neighbours, Page, PageStart, Players, View};
#[cfg(feature = "test-kit")]
pub use log::conformance;
pub use log::{Answer, Entries, Log, LogId, embedded, postgres};
pub use service::verifying::{Checked, IndexState, Verified};
pub use service::{Leaderboard, Listed, People, Played, Posted, Winner, Winners};
pub use sql::{StoreError, StoreErrorKind};
