//! The one binary: roles, configuration, wiring, command line. The only place that knows all parts.
//!
//! ```text
//! main ─▶ cli ─▶ command (serve, demo, simulate, token) ─▶ Node::start(config): opens every part, connects them
//!                                                            ├─▶ listener: accepts, limits, hands to the router
//!                                                            └─▶ supervised tasks, each a latch of /ready
//! ```
//!
//! # Invariants
//! * Nothing is global but the metrics recorder: several nodes fit in one process.
//! * A node that doesn't start has changed nothing but its own data directory, and says what to do.
//! * A task that ends turns `/ready` red.
//!
//! # Limits
//! In [`Config`], which names their units; open files limit the connections (see [`files`]).

mod args;
pub mod cli;
mod command;
mod config;
mod data_dir;
mod dev;
pub mod files;
mod keys;
mod listener;
mod logs;
mod metrics;
mod node;
mod operations;
mod readiness;
mod routes;

pub use config::{Config, ConfigError};
pub use keys::Keys;
pub use node::{Node, StartError};
