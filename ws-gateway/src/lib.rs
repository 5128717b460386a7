//! Sessions and fan-out: what a phone says over its WebSocket reaches the friends who are near and may see it.
//!
//! ```text
//! socket ─▶ driver ─▶ session (pure) ─▶ effects ─▶ hub ─▶ mailboxes of watchers ─▶ their drivers ─▶ their sockets
//!                                          └─▶ live: position store, then bus ─▶ hubs of other gateways
//! ```
//!
//! * [`Gateway`] is the service: configuration, who is connected, timers, drain.
//! * `session` is one connection as a state machine; `view` is what one watcher holds and has been told; `intake`,
//!   `pace` and `hint` are its parts. None of them knows sockets, locks or clocks.
//! * `hub` holds every watched channel once and marks its watchers' mailboxes; `socket` and `driver` connect sessions to
//!   the rest.
//! * [`port`] says what is needed of a bus and a position store, [`embedded`] is both in one process,
//!   [`redis`] both over many servers,
//!   [`conformance`] is what every adapter must pass.
//!
//! # Invariants
//! * A client is told only of users in its circle, as it was read last; while a change of the circle is being read,
//!   nothing is told.
//! * What waits for a client is at most one mark per friend; messages are made when they can be written.
//! * A position is replaced only by a greater version, on every path ([`record::merge`]).
//! * Whatever may have been missed ends in `gap` and a snapshot.
//! * A client is read only while nothing is owed to it, so that what it sends can't pile up here.
//!
//! # Limits
//! All in [`Config`], but for: 8 devices on one connection, 500 friends in one answer over REST.

mod admission;
/// Whom a user may see, as readings and changes of it come.
pub mod circle;
mod config;
pub mod conformance;
mod driver;
pub mod embedded;
mod feed;
mod frames;
mod friends;
mod gateway;
mod handshake;
mod hint;
mod http;
mod hub;
mod intake;
mod lengths;
mod mailbox;
mod marks;
pub mod metrics;
mod nearby;
mod pace;
pub mod port;
mod positions;
pub mod protocol;
/// What is known of where a user is, and which of two is newer.
pub mod record;
pub mod redis;
mod registry;
mod seam;
mod session;
mod socket;
mod timers;
mod view;
mod wheel;
#[cfg(test)]
mod world;

pub use circle::Circle;
pub use config::Config;
pub use friends::{Friends, Replay};
pub use gateway::{Deps, Gateway};
pub use http::router;
pub use nearby::Ring;
