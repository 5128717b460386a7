//! `PostgreSQL`: who is meant, how long to wait, what is wrong.

mod connection;
mod error;
mod feed;
mod login;
mod primary_config;
mod probe;
mod range;
mod readers;
mod schema;
mod server;

pub use connection::is_replica;
pub use feed::{BEGIN, FeedTable, LINEAGE, NEW_TIMELINE};
pub use login::{Login, Url};
pub use primary_config::PrimaryConfig;
pub use probe::{Away, HealthProbe};
pub use range::{CONNECTIONS, TIMEOUT_MS};
pub use readers::{ReadFrom, Readers};
pub use schema::{Migrated, Schema};
pub use server::{Server, Times};
