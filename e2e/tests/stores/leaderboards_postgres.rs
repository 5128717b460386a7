//! The log of leaderboards in a real `PostgreSQL`: what only a server can do to it.

mod world;

mod processes;
mod schema;
mod served;
