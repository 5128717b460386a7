//! What every part that works with Redis servers shares, whatever it keeps there: how a server is named in the settings,
//! how it is reached, and what its errors mean.
//!
//! ```text
//! settings ─▶ Server ─▶ Connector ─▶ connections ─▶ Connector::answer ─▶ Error ─▶ the part's own error
//! ```
//!
//! A part brings its keys, scripts and channels, and decides when a connection is given up.
//!
//! # Invariants
//! * No password in any text that comes from here, and none in what is serialised.
//! * Nothing here knows what is kept on a server: keys, scripts and channels are absent.
//!
//! # Limits
//! The times that a part gives.

mod connector;
mod error;
mod facts;
mod server;

pub use connector::Connector;
pub use error::Error;
pub use facts::Facts;
pub use server::Server;
