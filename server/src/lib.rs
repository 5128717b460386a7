//! The one binary: roles, configuration, wiring, command line. The only place that knows all parts.
//!
//! ```text
//! main ─▶ cli ─▶ command (serve, demo, …) ─▶ Node::start(config): opens every part, connects them
//!                   │                          ├─▶ parts: one file each; where it chooses between embedded, Redis and PostgreSQL
//!                   │                          ├─▶ listener: accepts, limits, hands to the router
//!                   │                          └─▶ supervised tasks and servers, each a condition of /ready
//!                   ├─▶ import places: writes into the data folder, which no service may hold meanwhile
//!                   ├─▶ import scores, board: clients of a running service, over REST
//!                   └─▶ check-config, dump-config, migrate, shard-map: for operators, start nothing
//! ```
//!
//! # Invariants
//! * Nothing is global but the metrics recorder: several nodes fit in one process.
//! * A node that doesn't start has changed nothing but its own data directory, and says what to do. (It may have given a
//!   name to the memory of a Redis server that had none.)
//! * Nothing listens before the settings were found right and every server was reached.
//! * A server that is away turns `/ready` red. A task that dies ends the process, with the exit code 70.
//!
//! # Limits
//! In [`Config`], which names their units; open files limit the connections (see [`files`]).

pub mod cli;
mod config;
mod data_dir;
mod exports;
pub mod files;
mod http;
mod imports;
mod keys;
mod logs;
pub mod metrics;
mod node;
mod parts;
mod readiness;

pub use config::{
    Backends, ClientHeader, Config, LiveBackend, NodeRole, Postgres, Standings, StandingsBackend,
    StoreBackend,
};
pub use http::problems;
pub use keys::Keys;
pub use node::Node;
