//! Whole-system tests: a real node with real sockets, in this process, and people who talk to it as any client does.
//!
//! ```no_run
//! # async fn test() {
//! use e2e::{LISBON, Sandbox};
//! let world = Sandbox::start().await;
//! world.befriend("alice", "bob").await;
//! let mut alice = world.connect("alice").await;
//! let mut bob = world.connect("bob").await;
//! bob.at(LISBON).await;
//! alice.at(LISBON).await;
//! alice.expect_near("bob").await;
//! # }
//! ```
//!
//! Nothing here sleeps to make a race pass: whoever waits, waits for a condition, at most [`DEADLINE`].

pub mod cluster;
mod person;
pub mod process;
pub mod raw;
mod rest;
mod sandbox;
pub mod servers;

use std::time::Duration;

pub use person::{Frame, Person, Refusal};
pub use rest::Answer;
pub use sandbox::Sandbox;

/// How long anything may take that a test waits for; far more than it takes.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A place, in degrees.
pub type Place = (f64, f64);

/// A place to be.
pub const LISBON: Place = (38.7223, -9.1393);

/// A user's id as a segment of a path.
pub fn in_path(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The place so many metres north of another; good to a few metres over some kilometres.
pub fn north_of(place: Place, metres: f64) -> Place {
    (place.0 + metres / 111_132.0, place.1)
}
