//! The log of leaderboards in a real `PostgreSQL`: what only a server can do to it.

mod world;

mod commits;
mod crashes;
mod kills;
mod people;
mod processes;
mod promotion;
mod removed;
mod schema;
mod served;
