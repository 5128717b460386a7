//! Sessions and fan-out: what a phone says over its WebSocket reaches the friends who are near and may see it.
//!
//! ```text
//! socket ─▶ driver ─▶ session (pure) ─▶ effects ─▶ hub ─▶ mailboxes of watchers ─▶ their drivers ─▶ their sockets
//!                                          └─▶ live: position store, then bus ─▶ hubs of other gateways
//! ```
//!
//! * `session` is the pure core: one connection as a state machine, what its client holds and has been told, and the
//!   values that all of this is about. It knows no sockets, locks or clocks.
//! * [`protocol`] turns messages into values and values into messages.
//! * `fanout` holds every watched channel once and marks its watchers' mailboxes.
//! * [`live`] says what is needed of a bus and a position store; [`live::embedded`] is both in one process,
//!   [`live::redis`] both over many servers, `live::conformance` is what every adapter must pass.
//! * `transport` connects sockets to sessions, `http` has the endpoints, and `service` is the handle, [`Gateway`]: who is
//!   connected, whom they may see, timers, drain.
//!
//! # Invariants
//! * A client is told where somebody is only of users in its circle, as it was read last; while a change of the circle is
//!   being read, nothing of them is told. Boards show whoever stands on them, to those who may read the board.
//! * A board that is watched is told by comparing whole looks at it: a change that isn't heard of can't be lost.
//! * What waits for a client is at most one mark per friend; messages are made when they can be written.
//! * A position is replaced only by a greater version, on every path (`session::record::merge`).
//! * Whatever may have been missed ends in `gap` and a snapshot.
//! * No push waits for movement history, only acknowledgements do, in the order of the fixes; what is acknowledged with
//!   [`Kept::Disk`] or [`Kept::Replicated`] history has said to have, whether it was shown or not.
//! * A client is read only while nothing is owed to it, so that what it sends can't pile up here.
//!
//! # Limits
//! All in [`Config`], but for: 8 devices on one connection, 500 friends in one answer over REST; of a board that is watched
//! [`TOP_MAX`], [`AROUND_MAX`], [`BOARD_INTERVAL_MS`]; of movement history [`HISTORY_AGE_MS_MAX`], [`ACKS_WAITING_MAX`],
//! [`ACK_WAIT_MS_MAX`]; of people 64 whose relation is to be told, and 256 names at a time.

mod config;
mod fanout;
mod http;
pub mod live;
pub mod metrics;
pub mod problems;
pub mod protocol;
mod service;
mod session;
mod transport;
#[cfg(test)]
mod world;

pub use config::Config;
pub use http::router;
pub use service::boards::Boards;
pub use service::export::PositionPiece;
pub use service::friends::{Friends, Replay};
pub use service::history::History;
pub use service::{Deps, Gateway};
pub use session::boards::{
    AROUND_MAX, BOARD_INTERVAL_MS, BoardFailure, BoardShape, BoardStanding, BoardView, TOP_MAX,
};
pub use session::circle::{Circle, CircleChange, CircleEdit};
pub use session::fixes::history::{
    ACK_WAIT_MS_MAX, ACKS_WAITING_MAX, HISTORY_AGE_MS_MAX, HistoryFix, Kept,
};
pub use session::fixes::validation::Unshown;
pub use session::friends::people::{RelationState, ShownRelation};
pub use session::record::{CLOCK_AHEAD_MS, Presence, Record, Sighting};
pub use session::view::hysteresis::Hysteresis;
