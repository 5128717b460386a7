//! Simulated people who use a Whereabouts service over its public API, and an oracle that judges what they see.
//!
//! ```text
//! trace or walkers ─▶ replay ─▶ conductor ─▶ person (orders) ─▶ client ─▶ WebSocket
//!                                  │             ▲                 │
//!                                  │             └──── hear ◀──────┘  view, acks, latency
//!                                  └─▶ checkpoint ─▶ oracle ─▶ summary
//!                                          ▲
//!                                      inspector: a test that breaks something meanwhile
//! ```
//! Every person is one task with one real socket. All of them are beaten time by one conductor, which now and then
//! stops the world and compares everybody's view with the truth ([`judge`]). Users and friendships are made over REST
//! beforehand; friendships may change meanwhile, and then nobody may be told of a fix that a former friend sent more than
//! a second after the end was answered.
//!
//! # Invariants
//! * The oracle shares no geometry with the product and knows nothing but what was acknowledged.
//! * A friend is looked for by the rules of PROTOCOL.md and nothing else; what a message leaves open is allowed.
//! * No summary, example, error or `Debug` output holds a position or a token.
//!
//! # Limits
//! * The clocks of the simulation and of the service must agree to some 100 ms: fixes carry our time, and the oracle
//!   counts their age by it.
//! * Friendships are those of the [`Graph`], and what the run itself makes of them ([`Plan::friendship_changes`]). Whoever
//!   else changes one meanwhile makes the verdict wrong; whoever moves a person must be named by [`Plan::held`] for at
//!   least a second.
//! * Fixes of one person beyond 0.7 of the service's `fixes_per_s` are skipped, the newest never.
//! * Per process and target address some 28,000 sockets (the ephemeral ports), and no more than the limit of open
//!   files allows.
//! * Only `http://` and `ws://`.

mod conductor;
mod error;
#[cfg(test)]
mod fake;
mod judge;
mod people;
mod plan;
mod report;
mod run;
mod world;

pub use error::Error;
pub use judge::checkpoint::Finding;
pub use judge::inspector::{Inspector, Situation};
pub use judge::oracle::{Seen, Shown, Standing, Verdict, World, judge};
pub use people::crowd::{Change, Coming, Counts};
pub use plan::{Friends, FriendshipChanges, Held, People, Plan, Setup, Tokens};
pub use report::latency::Quantiles;
pub use report::memory::{MemoryWatch, resident_memory};
pub use report::progress::Progress;
pub use report::scene::{NoObserver, Observer, Scene, Sight, Stage};
pub use report::summary::{Oracle, Summary};
pub use run::{Run, run};
pub use world::friendships::Friendships;
pub use world::graph::Graph;
pub use world::trace::{Row, Survey, Trace, survey};
