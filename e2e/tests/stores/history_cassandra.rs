//! Chunks of movement history in a real Cassandra: what only a server can do to them.

mod world;

mod access;
mod drain;
mod expiring;
mod faults;
mod gateways;
mod kills;
mod schema;
mod slow;
mod three_nodes;
