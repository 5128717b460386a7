//! The directory in a real `PostgreSQL`: what only a server can do to it.

pub(crate) mod world;

mod batches;
mod circles;
mod faults;
mod feed;
mod health;
mod load;
mod schema;
mod server;
